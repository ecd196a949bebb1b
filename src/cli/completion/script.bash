
# Values that stand in manifests: the program is asked, and the static part above for all the rest.
_idform_asking() {
    local line="${COMP_LINE:0:COMP_POINT}" answer kept word
    local -a said
    # Readline breaks words at `=` and `:` too; the program wants them whole.
    read -a said <<<"$line"
    [[ $line == *[[:space:]] ]] && said+=("")
    if ! answer=$("${COMP_WORDS[0]}" __complete -- "${said[@]:1}" 2>/dev/null); then
        _idform "$@"
        return
    fi
    word="${said[${#said[@]}-1]}"
    # $2 is what readline replaces; what stands before it stays.
    kept="${word%"$2"}"
    COMPREPLY=()
    while IFS= read -r word; do
        [[ -n $word ]] && COMPREPLY+=("${word#"$kept"}")
    done <<<"$answer"
    # File names are no answer here; and a name in the cloud follows its kind.
    compopt +o bashdefault +o default 2>/dev/null
    [[ ${#COMPREPLY[@]} -gt 0 && ${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
    return 0
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _idform_asking -o nosort -o bashdefault -o default idform
else
    complete -F _idform_asking -o bashdefault -o default idform
fi
