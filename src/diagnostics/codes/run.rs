//! A0900 to A0909: runs, and what a stage is given.

codes! {
    NOT_IN_A_RUN "A0900" "a stage was started outside of a run";
    MALFORMED "A0901" "what a stage was given is malformed";
    NO_SECRET "A0902" "a secret or a parameter is not there";
    NO_SUCH_ENVIRONMENT "A0903" "there is no such environment";
    NO_TOOL "A0904" "a tool that a command calls is not there";
    NOT_RESUMED "A0905" "a run cannot begin at a stage";
    NO_SUCH_RUN "A0906" "there is no such run";
    DAMAGED_RECORD "A0907" "the record of a run is damaged";
    NEWER_RECORD "A0908" "the record of a run is of a newer form";
    UNFINISHED_RUN "A0909" "a run has no record";
}
