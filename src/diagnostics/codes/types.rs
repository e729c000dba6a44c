//! A03: types.

codes! {
    MISMATCH "A0301" "a value has another type than is wanted";
    OPERATOR "A0302" "an operator does not go with these types";
    NOT_A_FUNCTION "A0303" "that cannot be called";
    MISSING_ARGUMENT "A0304" "an argument is missing";
    TOO_MANY_ARGUMENTS "A0305" "there are too many arguments";
    ARGUMENT_TWICE "A0306" "an argument is given twice";
    UNKNOWN_KEY "A0307" "a key that is not known";
    MISSING_KEY "A0308" "a key is missing";
    KEY_TWICE "A0309" "a key stands twice in an object";
    MAY_BE_NULL "A0310" "a value may be null";
    RUNTIME_VALUE "A0311" "a run-time value where it must be known when compiling";
    RUNTIME_IN_COMMAND "A0312" "a run-time value in a command";
    SECRET "A0313" "a secret where it would be seen";
    UNTYPED "A0314" "read data without a type";
    NO_TEXT "A0315" "a value has no text";
    NOT_ITERABLE "A0316" "that cannot be gone through";
    NOT_INDEXED "A0317" "a value without elements";
    RECURSION "A0318" "a declaration that leads back to itself";
    TYPE_ARGUMENTS "A0319" "types in angle brackets that do not fit";
    RECURSIVE_TYPE "A0320" "a type is made of itself";
    TYPE_TOO_LARGE "A0321" "a type is too deep or too large";
    NEVER_EQUAL "A0322" "two values that are never equal";
    CAST_NEVER_HOLDS "A0323" "`as` to a type that the value never has";
    NOT_EXHAUSTIVE "A0324" "a `match` that does not take every case";
    UNREACHABLE_ARM "A0325" "an arm that is never reached";
    PATTERN "A0326" "a pattern that nothing matches";
}
