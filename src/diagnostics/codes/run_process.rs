//! A0910 to A0919: commands that run as processes.

codes! {
    CANNOT_START "A0910" "a program cannot be started";
    FAILED "A0911" "a command has failed";
    NOT_FOUND "A0912" "a command calls a program that is not there";
    SIGNALLED "A0913" "a command was ended by a signal";
    TIMED_OUT "A0914" "a command was stopped since its time was over";
    STOPPED "A0915" "a command was stopped from outside";
    NO_DIRECTORY "A0916" "a command's directory does not exist";
    TOO_LONG "A0917" "a command or its environment is too long";
    SYSTEM "A0918" "the system refuses what a stage needs";
    NO_CONTAINERS "A0919" "a step needs containers, and there is no engine that answers";
}
