//! A0920 to A0929: working trees.

codes! {
    GIT "A0920" "no `git` that can be used";
    UNREACHABLE "A0921" "a repository that cannot be reached";
    REFUSED "A0922" "a repository that does not let us in";
    COMMIT_GONE "A0923" "a commit that the repository does not have any more";
    NO_REFERENCE "A0924" "a branch or tag that the repository does not have";
    CREDENTIALS "A0925" "credentials for a repository that cannot be used";
    NOT_CHECKED_OUT "A0926" "a working tree that cannot be made";
    SUBMODULE "A0927" "submodules that cannot be checked out";
    LFS "A0928" "files of Git LFS that cannot be fetched";
    NO_SNAPSHOT "A0929" "a working tree that no commit can be made of";
}
