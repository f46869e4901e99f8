"""`marac init`: makes an area, from its root key to a gateway that can start."""

from agencies.kit.terminal import takes
from gateway.commands.init_options import InitOptions
from gateway.commands.outcome import say, say_json, wall_clock


@takes(InitOptions)
def init(options: InitOptions) -> None:
    """Make an area: its keys, the coordinator's office, register and database.

    Three new folders: HOME stays on the gateway, OFFICE goes to the
    coordinator, OFFLINE into a safe. Nothing is ever overwritten.

    Example: marac init marac.cambridgeshire.example --home ./cambridgeshire
      --prefix CAM --telephone "01632 960100" --agreement ./agreement.pdf
    """
    from gateway.commands.new_area import make_area

    made = make_area(options, wall_clock())
    if options.as_json:
        say_json(made.as_dict())
        return
    for line in made.lines():
        say(line)
