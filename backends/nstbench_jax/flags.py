"""XLA's flags: what this backend adds to those of the user, before JAX reads them, which it does once.

From jaxlib 0.10.2 on, XLA fuses sums with the matrix products before them on CPUs (YNNPACK) and gets some
wrong: in 0.10.2 those of https://github.com/jax-ml/jax/issues/39103, and in every version up to 0.12.0.1
those of products with a constant matrix, which read memory that nobody has written. So it is switched off.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version

from nstbench.api import DETERMINISTIC, Advice, BackendUnavailable, add_xla_flags, xla_flags

FUSION = "--xla_cpu_experimental_ynn_fusion_type="
FIRST_WRONG = (0, 10, 2)
"""The first jaxlib that fuses sums. Older ones need no flag; those before 0.8 do not know it, and abort."""


def set_flags(deterministic: bool) -> None:
    """Add what is needed behind the user's flags; what they say of the fusion stays.

    Raises:
        BackendUnavailable: XLA_FLAGS names a file, which lacks something.
    """
    unfused = [FUSION] if is_wrong() and chosen_fusion() is None else []
    add_xla_flags("jax-vgg19", *unfused, *([DETERMINISTIC] if deterministic else []))


def check_in_time() -> None:
    """Make sure that XLA has read the flags, where JAX was loaded before them.

    Raises:
        BackendUnavailable: it took its first device earlier, and fuses sums.
    """
    import jax
    import jax.numpy as jnp

    if not is_wrong() or chosen_fusion():
        return
    with jax.default_device(jax.devices("cpu")[0]):
        square = jax.ShapeDtypeStruct((8, 8), jnp.float32)
        text = jax.jit(lambda a: jnp.sum(a @ a, axis=0)).lower(square).compile().as_text() or ""
    if "__ynn_fusion" in text:
        raise BackendUnavailable(
            "jax-vgg19: this process used JAX before, so XLA still has the fusion that gets sums wrong; set "
            f"XLA_FLAGS={FUSION} before it starts, or leave measure.isolation at backend"
        )


def advise() -> list[Advice]:
    """Say whether the installed jaxlib gets sums wrong, and whether that is taken care of."""
    if not is_wrong():
        return []
    said = f"jaxlib {_installed()} gets some sums wrong on CPUs (jax issue 39103)"
    if kept := chosen_fusion():
        kept = f"your XLA_FLAGS keep the fusion that does: {FUSION}{kept}"
        return [Advice(f"{said}, and {kept}; take that out, and jax-vgg19 switches it off", urgent=True)]
    return [Advice(f"{said}; jax-vgg19 switches off the fusion that does", urgent=False)]


def is_wrong() -> bool:
    """Whether the installed jaxlib gets sums wrong if it is left alone."""
    return tuple(map(int, re.findall(r"\d+", _installed())[:3])) >= FIRST_WRONG


def chosen_fusion() -> str | None:
    """Return what XLA_FLAGS say of the fusion: an empty string switches it off; None if they do not."""
    said = re.findall(rf"{FUSION}(\S*)", xla_flags())
    return said[-1] if said else None


def _installed() -> str:
    try:
        return version("jaxlib")
    except PackageNotFoundError:
        return ""
