"""How OpenAPI learns of request bodies: routes read the raw bytes, so FastAPI does not see the models itself."""

from gateway.deps import Body


def takes(model: type[Body]) -> dict[str, object]:
    """Return the `openapi_extra` of a route whose body is `model`."""
    schema = model.model_json_schema()
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
