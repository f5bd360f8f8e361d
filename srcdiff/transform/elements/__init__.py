"""Parts of `transform.scalarise`: small arrays become their elements."""
