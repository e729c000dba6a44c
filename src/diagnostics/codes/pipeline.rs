//! A06: rules of a pipeline: ordering, data flow, duplicates, shell text, the repository around it.

codes! {
    CIRCULAR_NEEDS "A0601" "stages wait for each other in a circle";
    NEEDS_ELSEWHERE "A0602" "`needs` names something that cannot be waited for there";
    USED_BEFORE_MADE "A0603" "a run-time value is used before it is made";
    MANUAL_OUTPUT "A0604" "a value comes from an environment that a run may never reach";
    PICK_LACKS "A0605" "a trigger's pick lacks an environment that another one needs";
    MAKER_MAY_BE_SKIPPED "A0606" "a value comes from a step that may be skipped";
    STACK_TWICE "A0607" "one stack is deployed from two places";
    SETTING_MISSING "A0608" "an environment lacks a setting that its sisters have";
    NAMES_EQUAL "A0609" "two names become the same";
    TRIGGERS_OVERLAP "A0610" "two triggers fire for one event";
    FILTER_MATCHES_NOTHING "A0611" "a filter that nothing passes";
    SCHEDULE_NEVER "A0612" "a schedule that never fires";
    SCHEDULE_OFTEN "A0613" "a schedule that fires faster than runs end";
    FOREIGN_ACCOUNT "A0614" "an ARN of another account, partition or region";
    CONSTANT_CONDITION "A0615" "a condition that is never or always true";
    MIXED_OPERATORS "A0616" "`&&` and `||` side by side without parentheses";
    UNREACHABLE_STEP "A0617" "nothing can ever reach this";
    RETRY_CREATES "A0618" "a retried step creates something under a fixed name";
    CREDENTIAL_IN_FILE "A0619" "a credential is written into the file";
    SECRET_EXPOSED "A0620" "a secret goes where it can be read";
    UNKNOWN_INPUT "A0621" "an input that the pipeline does not declare";
    ROLE_HOUR "A0622" "a time-out longer than the credentials of a chained role";
    RETRY_TIME "A0623" "the retries of a step take longer than anybody waits";
    SHELL_SYNTAX "A0630" "a command that no shell can read";
    BASH_IN_SH "A0631" "a bash word in a step whose shell is `sh`";
    EFFECT_LOST "A0632" "a command whose effect ends with its own shell";
    FAILURE_HIDDEN "A0633" "the failure of a command is hidden";
    NEEDS_TERMINAL "A0634" "a command that waits for a person";
    LOCAL_PROFILE "A0635" "an AWS profile of somebody's own machine";
    WINDOWS_SET "A0636" "`set NAME=value` sets no variable";
    VARIABLE_UNSET "A0637" "a variable that nobody sets";
    SUDO "A0638" "`sudo` in a container";
    INSTALL_UNLOCKED "A0639" "an installation that ignores the lock file";
    DIRECTORY_MISSING "A0640" "a folder that the repository does not have";
    SCRIPT_MISSING "A0641" "a script that `package.json` does not have";
    FILE_MISSING "A0642" "a file that the repository does not have";
    NOT_EXECUTABLE "A0643" "a script that may not be executed";
    TARGET_MISSING "A0644" "a target that the Makefile does not have";
    OTHER_PACKAGE_MANAGER "A0645" "a package manager that is not the repository's";
    NO_CDK_APP "A0646" "a CDK app that cannot be found";
    PATTERN_MATCHES_NOTHING "A0647" "a pattern that no file of the repository matches";
    FOREIGN_EXPRESSION "A0648" "an expression of another CI system";
    GLOB_EXPANDED "A0649" "a pattern that the shell expands first";
}
