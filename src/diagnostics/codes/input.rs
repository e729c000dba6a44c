//! A00: input files, the command line, and comments that allow warnings.

codes! {
    NO_SUCH_FILE "A0001" "a file or directory does not exist";
    NOT_UTF8 "A0002" "a file is not UTF-8 text";
    FILE_TOO_LARGE "A0003" "a file is larger than the limit";
    UNREADABLE "A0004" "a file cannot be read";
    NO_PIPELINE_FILE "A0005" "there is no pipeline file";
    NOT_WRITTEN "A0006" "a file cannot be written";
    NO_PIPELINE "A0007" "a file has no pipeline";
    MALFORMED_ALLOW "A0010" "a comment that allows a warning cannot be understood";
    UNKNOWN_ALLOW "A0011" "a comment allows a code that does not exist";
    ALLOW_WITHOUT_REASON "A0012" "a comment allows a warning without a reason";
    UNUSED_ALLOW "A0013" "a comment allows a warning that does not occur";
    ALLOWED_ERROR "A0014" "a comment allows an error";
}
