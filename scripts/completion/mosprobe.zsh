#compdef mosprobe
# zsh completion for mosprobe. Verbs and options are those that its own help tells.

local verb=${words[2]} before=${words[CURRENT-1]}
local -a verbs

if (( CURRENT == 2 )); then
	verbs=(${(f)"$(_call_program verbs $words[1] --help | sed -n 's/^  \([a-z-]*\)  *\([a-z].*\)/\1:\2/p')"} --version --help)
	_describe verb verbs
	return
fi
case $before in
-c | --config | --targets) _files; return ;;
--stamps) compadd auto bpf tcp_info clock; return ;;
--output) compadd table jsonl samples none; return ;;
--codec) compadd g711 g711-noplc g729a g723.1 gsm-efr g726-32; return ;;
--log-level) compadd error warning info debug; return ;;
--log-format) compadd auto journal plain; return ;;
esac
if [[ $PREFIX == -* ]]; then
	compadd -- -c --help $(_call_program options $words[1] $verb --help | sed 's/`[^`]*`//g' | grep -oE -- '--[a-z][a-z-]*')
	return
fi
case $verb in
probe | card | test-alert) _hosts ;;
esac
