//! A04: schemas and blocks.

codes! {
    INCLUDE_CYCLE "A0412" "a schema includes itself";
    MEMBER_TWICE "A0413" "a name stands twice in a schema";
    NOT_A_SCHEMA "A0418" "that is not a schema";
}
