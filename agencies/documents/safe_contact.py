"""How the victim can be reached without the perpetrator learning of it: the document that must never leak."""

from agencies.documents.document import Document
from agencies.documents.fields import UNKNOWN, Known, Line, Lines, Text


class SafeContact(Document):
    """Safe ways to the victim. Empty, it says that none is known; that too is worth knowing."""

    safe_address: Known[Lines] = UNKNOWN
    safe_telephone: Known[Line] = UNKNOWN
    safe_email: Known[Line] = UNKNOWN
    safe_to_call: Known[bool] = UNKNOWN
    safe_to_text: Known[bool] = UNKNOWN
    safe_to_leave_a_message: Known[bool] = UNKNOWN
    safe_to_write: Known[bool] = UNKNOWN
    safe_times: Known[Text] = UNKNOWN
    code_word: Known[Line] = UNKNOWN
    contact_through: Known[Text] = UNKNOWN  # a friend, a school, a service she already sees
    warnings: Known[Text] = UNKNOWN
