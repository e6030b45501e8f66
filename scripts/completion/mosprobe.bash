# shellcheck shell=bash
# bash completion for mosprobe. Verbs and options are those that its own help tells; names are those of the targets files.

# What its help, or that of a verb, says, without examples.
__mosprobe_help() {
	# shellcheck disable=SC2016 # a pattern
	"${COMP_WORDS[0]}" "$@" --help 2>/dev/null | sed 's/`[^`]*`//g'
}

# The targets files of the configuration that the line names, or of the usual one; those that the line names go before.
__mosprobe_targets_files() {
	local config=/etc/mosprobe/mosprobe.conf given='' i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i - 1]} in
		-c | --config) config=${COMP_WORDS[i]} ;;
		--targets) given=${COMP_WORDS[i]} ;;
		esac
	done
	if [ -n "$given" ]; then
		printf '%s\n' "$given"
		return
	fi
	[ -r "$config" ] || return
	sed -n 's/^targets[[:blank:]]*=[[:blank:]]*//p' "$config" | sed 's/[[:blank:]];.*//' | tr ',' '\n' |
		sed "s/^[[:blank:]]*//; s/[[:blank:]]*\$//; /^\$/d; /^\//!s|^|${config%/*}/|"
}

# At most 200 of them: nobody reads more.
__mosprobe_names() {
	local file
	__mosprobe_targets_files | while IFS= read -r file; do
		[ ! -r "$file" ] || awk -v start="$1" '!/^#/ && index($1, start) == 1 { print $1; if (++n == 200) exit }' "$file"
	done | head -n 200
}

# bash takes ':' and '=' for ends of words: COMPREPLY holds what comes after the last one.
__mosprobe_after_colon() {
	local i before
	[[ $COMP_WORDBREAKS == *:* && $1 == *:* ]] || return 0
	before=${1%"${1##*:}"}
	for i in "${!COMPREPLY[@]}"; do
		COMPREPLY[i]=${COMPREPLY[i]#"$before"}
	done
}

_mosprobe() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]} line
	COMPREPLY=()

	if [ "$COMP_CWORD" = 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(__mosprobe_help | sed -n 's/^  \([a-z-]*\) .*/\1/p') --version --help" -- "$word")
		return
	fi
	# --option=value comes as three words.
	if [ "$word" = = ]; then
		word=''
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $before in
	-c | --config | --targets)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return ;;
	--stamps) line='auto bpf tcp_info clock' ;;
	--output) line='table jsonl samples none' ;;
	--codec) line='g711 g711-noplc g729a g723.1 gsm-efr g726-32' ;;
	--redis) line='redis:// unix:///' ;;
	--log-level) line='error warning info debug' ;;
	--log-format) line='auto journal plain' ;;
	*) line='' ;;
	esac
	if [ -n "$line" ]; then
		mapfile -t COMPREPLY < <(compgen -W "$line" -- "$word")
		return
	fi
	# Another option with a value: there is nothing to offer.
	if [[ $before == --* ]] && __mosprobe_help "$verb" | grep -q -- "$before [^ []"; then
		return
	fi
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "-c --help $(__mosprobe_help "$verb" | grep -oE -- '--[a-z][a-z-]*')" -- "$word" | sort -u)
		return
	fi
	case $verb in
	probe | card | test-alert)
		# bash has cut the name at its colons.
		line=$word
		local i=$COMP_CWORD
		while [ "$i" -gt 2 ] && [[ ${COMP_WORDS[i]} == :* || ${COMP_WORDS[i - 1]} == :* ]]; do
			line=${COMP_WORDS[--i]}$line
		done
		mapfile -t COMPREPLY < <(__mosprobe_names "$line")
		__mosprobe_after_colon "$line" ;;
	esac
}
complete -F _mosprobe mosprobe
