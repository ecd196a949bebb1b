
# Values that stand in manifests: the program is asked, and the static part above for all the rest.
functions[_idform_static]=$functions[_idform]
_idform() {
    local answer
    # The last word ends at the cursor.
    if ! answer=$("${(Q)words[1]}" __complete -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null); then
        _idform_static "$@"
        return
    fi
    local -a found open
    found=(${(f)answer})
    # A name in the cloud follows its kind.
    open=(${(M)found:#*/})
    found=(${found:#*/})
    compadd -a found
    compadd -S '' -a open
    return 0
}
