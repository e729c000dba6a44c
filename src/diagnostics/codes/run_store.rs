//! A0930 to A0939: the store and artifacts.

codes! {
    STORE_FAILED "A0930" "the store did not do what was asked";
    STORE_NAME "A0931" "a name or an address that a store cannot have";
}
