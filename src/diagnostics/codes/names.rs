//! A02: names and modules.

codes! {
    MODULE_NOT_FOUND "A0201" "a module was not found";
    MODULE_OUTSIDE "A0202" "a module lies outside of the project";
    MODULE_UNREADABLE "A0203" "a module cannot be read";
    NO_STANDARD_MODULE "A0204" "there is no such standard module";
    IMPORT_CYCLE "A0205" "modules use each other in a circle";
    NOT_IN_MODULE "A0206" "a module does not have that name";
    UNKNOWN_NAME "A0207" "an unknown name";
    DECLARED_TWICE "A0208" "a name is declared twice";
    UNUSED_IMPORT "A0209" "an import is not used";
    WRONG_KIND "A0210" "a name means something else";
    UNKNOWN_TYPE "A0211" "there is no type of that name";
    NOT_A_TYPE "A0212" "that is not a type";
    UNKNOWN_MEMBER "A0214" "a value has no such member";
    UNKNOWN_ARGUMENT "A0215" "a function has no such parameter";
    TWO_BLOCKS "A0216" "a label that two blocks have";
}
