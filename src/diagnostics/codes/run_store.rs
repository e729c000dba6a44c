//! A0930 to A0939: the store and artifacts.

codes! {
    STORE_FAILED "A0930" "the store did not do what was asked";
    STORE_NAME "A0931" "a name or an address that a store cannot have";
    ARTIFACT_MISSING "A0932" "an artifact that is not in the store";
    PATTERN "A0933" "a pattern of files that matches nothing";
    NOT_PACKED "A0934" "a file that cannot be part of an artifact";
    FILE_CHANGED "A0935" "a file that changed while it was packed";
    ARTIFACT_DAMAGED "A0936" "an artifact that is not as it was packed";
    ARTIFACT_REFUSED "A0937" "an artifact that holds what none may hold";
    NOT_UNPACKED "A0938" "an artifact that cannot be put into the working tree";
}
