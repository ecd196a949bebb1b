
# Values that stand in manifests: the program is asked.
function __fish_idform_ask
    set -l said (commandline -opc)
    $said[1] __complete -- $said[2..-1] (commandline -ct) 2>/dev/null
end
