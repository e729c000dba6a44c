//! A05: evaluation and limits.

codes! {
    DIVISION_BY_ZERO "A0501" "a division by zero";
    OVERFLOW "A0502" "a number that is too large";
    OUT_OF_RANGE "A0503" "a position that the list does not have";
    NO_KEY "A0504" "a key or label that is not there";
    CYCLE "A0505" "a value that needs itself";
    BAD_ARGUMENT "A0506" "an argument that a function cannot work with";
    BAD_PATTERN "A0507" "a pattern that cannot be read";
    FILE_NOT_FOUND "A0510" "a file that is not there";
    OUTSIDE_PROJECT "A0511" "a file outside of the project";
    UNREADABLE "A0512" "a file that cannot be read";
    DATA_SYNTAX "A0513" "a data file that cannot be read as JSON or YAML";
    DATA_KEY_TWICE "A0514" "a key that stands twice in a data file";
    DATA_TYPE "A0515" "data of another type than is wanted";
    DATA_TOO_LARGE "A0516" "data that is too large";
    TOO_MANY_STEPS "A0520" "a program that takes too many steps";
    TOO_DEEP "A0521" "something that nests too deep";
    TEXT_TOO_LONG "A0522" "a text that is too long";
    TOO_MANY_ELEMENTS "A0523" "a list or map that is too large";
    TOO_MUCH_MEMORY "A0524" "a program whose values are too large together";
}
