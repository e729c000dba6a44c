//! A04: schemas and blocks.

codes! {
    UNKNOWN_FIELD "A0401" "a field that the schema does not have";
    UNKNOWN_BLOCK "A0402" "a block that the schema does not have";
    BLOCK_AS_FIELD "A0403" "a block written as a field";
    FIELD_AS_BLOCK "A0404" "a field written as a block";
    MISSING "A0405" "something required is missing";
    FIELD_TWICE "A0406" "a field is set twice";
    LABEL_TWICE "A0407" "a label is used twice";
    LABEL_MISSING "A0408" "a label is missing";
    LABEL_NOT_ALLOWED "A0409" "a label where there is none";
    LABEL_NOT_A_CHOICE "A0410" "a label that is none of the choices";
    TOO_MANY "A0411" "there are too many blocks of a kind";
    INCLUDE_CYCLE "A0412" "a schema includes itself";
    MEMBER_TWICE "A0413" "a name stands twice in a schema";
    NOT_SETTABLE "A0414" "that cannot be set";
    INHERIT "A0415" "an inherited field that nothing gives";
    EXTERN "A0416" "a function without a body";
    POLICY "A0417" "a policy that does more than assert";
    NOT_A_SCHEMA "A0418" "that is not a schema";
    LATER "A0419" "that comes with a later version";
    NAME_IS_LABEL "A0420" "the name of a block is its label";
    OUTPUT_WITH_VALUE "A0421" "a declared output with a value";
    WITH "A0422" "`with` on something that it cannot change";
    KNOWN_CONDITION "A0440" "a condition that is known before the run";
    OUTPUT_NAME "A0441" "a name that no output of a stack can have";
    CONDITION "A0450" "a value does not meet the condition of its type";
    ASSERT "A0451" "an assert does not hold";
    POLICY_BROKEN "A0452" "a policy does not hold";
    NOT_IN_PIPELINE "A0453" "a run-time value of something that is in no pipeline";
}
