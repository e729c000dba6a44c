//! A03: types.

codes! {
    TYPE_ARGUMENTS "A0319" "types in angle brackets that do not fit";
    RECURSIVE_TYPE "A0320" "a type is made of itself";
    TYPE_TOO_LARGE "A0321" "a type is too deep or too large";
}
