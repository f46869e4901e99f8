// Does with age-encryption what each line of standard input asks for (JSON), and answers with a line, in the same order.
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";

globalThis.crypto ??= webcrypto; // Node 18 has it, but not under this name
const age = await import("age-encryption");

const bytes = (base64) => new Uint8Array(Buffer.from(base64, "base64"));
const base64 = (raw) => Buffer.from(raw).toString("base64");

async function encrypt({ recipients, passphrase, plaintext }) {
  const encrypter = new age.Encrypter();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  if (passphrase) {
    encrypter.setPassphrase(passphrase);
    encrypter.setScryptWorkFactor(4);
  }
  return base64(await encrypter.encrypt(bytes(plaintext)));
}

async function decrypt({ identities, passphrase, file }) {
  const decrypter = new age.Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  if (passphrase) decrypter.addPassphrase(passphrase);
  return base64(await decrypter.decrypt(bytes(file)));
}

const verbs = {
  encrypt,
  decrypt,
  armor: ({ file }) => age.armor.encode(bytes(file)),
  dearmor: ({ text }) => base64(age.armor.decode(text)),
  generate: ({ hybrid }) => (hybrid ? age.generateHybridIdentity() : age.generateX25519Identity()),
  recipient: ({ identity }) => age.identityToRecipient(identity),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = { done: await verbs[verb](request) };
  } catch (error) {
    answer = { refused: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
