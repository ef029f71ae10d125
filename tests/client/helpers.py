"""What several test files use to look at errors."""

import pytest
from mlflow import MlflowException
from servers import kind_under_test

# Where the official server crashes (500, INTERNAL_ERROR) Millrace answers 400.
REFUSED = {"INVALID_PARAMETER_VALUE", "BAD_REQUEST"} | ({"INTERNAL_ERROR"} if kind_under_test() == "official" else set())


def code_of(call, *args, **kwargs):
    """The error code of a client call that must fail."""
    with pytest.raises(MlflowException) as error:
        call(*args, **kwargs)
    return error.value.error_code
