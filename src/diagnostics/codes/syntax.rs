//! A01: syntax.

codes! {
    UNEXPECTED "A0101" "something else must stand here";
    DELIMITER "A0102" "a bracket without its partner";
    STRING_NOT_CLOSED "A0103" "a string that is not closed";
    ESCAPE "A0104" "an escape that does not exist";
    NUMBER "A0105" "a number, duration or size that cannot be read";
    RESERVED_WORD "A0106" "a reserved word as a name";
    MISPLACED "A0107" "something that does not belong here";
    TOO_DEEP "A0108" "nested too deeply";
    OTHER_NOTATION "A0109" "the notation of another language";
    MISSING "A0110" "a part that is missing";
    INDENTATION "A0111" "a line of a multi-line string that is indented less than its end";
    COMPARISON_CHAIN "A0112" "comparisons in a chain";
    CHARACTER "A0113" "a character that cannot stand in a source file";
    COMMENT_NOT_CLOSED "A0114" "a comment that is not closed";
}
