#!/usr/bin/env bash
# Makes the demonstration's audio: raw G.711 mu-law, 8 kHz, two files of equal length per call,
# agent and caller in turns. The listening party sends faint noise, as a real line does. Voices are
# synthetic and all people are made up; the card number is the payment industry's public test
# number.
#
# Usage: scripts/make-speech.sh [folder]     default: src/demo/speech beside this script
# Needs: espeak-ng, sox. Run once; the result is committed, so that nobody else needs either.
#
# All files together stay below 1.2 MB (75 seconds of calls), since they travel with the package.
set -euo pipefail

target=${1:-"$(cd "$(dirname "$0")/.." && pwd)/src/demo/speech"}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$target"

readonly rate=8000
readonly frame_samples=160      # 20 ms: every turn is a whole number of RTP frames
readonly pause_seconds=0.25     # after each turn
readonly noise_volume=0.005
readonly raw=(-t raw -e signed -b 16 -c 1 -r "$rate")

# say VOICE SPEED TEXT FILE: 16-bit samples of one turn, a pause and whole frames included.
say() {
  espeak-ng -v "$1" -s "$2" -w "$work/said.wav" -- "$3"
  sox -R "$work/said.wav" "${raw[@]}" "$4" rate -m "$rate" \
    silence 1 0.01 0.2% fade t 0.005 reverse \
    silence 1 0.01 0.2% fade t 0.005 reverse norm -4 pad 0 "$pause_seconds"
  truncate -s "%$((frame_samples * 2))" "$4"
}

# hush BYTES FILE: faint noise of the same size.
hush() {
  sox -R -r "$rate" -n "${raw[@]}" "$2" synth "$(($1 / 2))s" pinknoise vol "$noise_volume"
  truncate -s "$1" "$2"
}

# make NAME AGENT_VOICE CALLER_VOICE < turns: lines of WHO|TEXT, WHO is agent, caller or card.
make() {
  local name=$1 agent_voice=$2 caller_voice=$3 frames=0 from='' to='' who text bytes
  : >"$work/agent.raw"
  : >"$work/caller.raw"
  while IFS='|' read -r who text; do
    case $who in
      agent) say "$agent_voice" 185 "$text" "$work/speaks.raw" ;;
      caller) say "$caller_voice" 180 "$text" "$work/speaks.raw" ;;
      card) say "$caller_voice" 150 "$text" "$work/speaks.raw" ;;
    esac
    bytes=$(stat -c %s "$work/speaks.raw")
    hush "$bytes" "$work/listens.raw"
    if [[ $who == agent ]]; then
      cat "$work/speaks.raw" >>"$work/agent.raw"
      cat "$work/listens.raw" >>"$work/caller.raw"
    else
      cat "$work/speaks.raw" >>"$work/caller.raw"
      cat "$work/listens.raw" >>"$work/agent.raw"
    fi
    [[ $who == card ]] && from=$frames
    frames=$((frames + bytes / 2 / frame_samples))
    [[ $who == card ]] && to=$frames
  done
  for party in agent caller; do
    sox -R "${raw[@]}" "$work/$party.raw" \
      -t raw -e mu-law -b 8 -c 1 -r "$rate" "$target/$name-$party.ulaw"
  done
  describe "$name" "$frames" "$from" "$to"
}

# describe NAME FRAMES FROM TO: one entry of scripts.json; frames FROM up to TO hold the card number.
describe() {
  [[ -s $work/entries ]] && echo '  },' >>"$work/entries"
  {
    printf '  {\n    "name": "%s",\n    "frames": %d,\n' "$1" "$2"
    printf '    "agentFile": "%s-agent.ulaw",\n    "callerFile": "%s-caller.ulaw"' "$1" "$1"
    [[ -n $3 ]] && printf ',\n    "cardFromFrame": %d,\n    "cardToFrame": %d' "$3" "$4"
    echo
  } >>"$work/entries"
}

make card-payment en-gb+f3 en-us+m3 <<'EOF'
agent|Thanks for holding. I can take the payment now. What is your card number?
caller|Sure. It is:
card|4 1 1 1, 1 1 1 1, 1 1 1 1, 1 1 1 1.
agent|Thank you. I have stored nothing of that. The payment of forty euros went through.
caller|Great. Will you send me a receipt, please?
agent|It is on its way to you. Goodbye.
EOF

make late-parcel en-us+f2 en-gb+m4 <<'EOF'
agent|Good morning, parcel desk. How can I help?
caller|My parcel was due on Monday, and it is still not here.
agent|I am sorry. I see it at the depot. It will be with you tomorrow before noon.
caller|Tomorrow is fine. I will be at home.
caller|Thank you. Could the driver ring twice?
agent|I will make a note of that. Have a nice day.
EOF

make broken-heater en-gb-scotland+m2 en-us+f4 <<'EOF'
agent|Heating service, good afternoon.
caller|Hello. Our heater stopped last night. The display says error seven.
agent|That is the water pressure. A fitter can come today, between two and four.
caller|Yes please. The bell is broken, so he should knock.
agent|I will tell him. Goodbye, and keep warm until then.
EOF

make new-tariff en-us+m7 en-gb+f5 <<'EOF'
agent|Customer care, what can I do for you?
caller|I saw your new tariff. Can I change before the year is over?
agent|You can change on the first of next month. It costs nothing.
caller|Good. Then please change it, and send me the contract.
agent|Done. It will be in your mailbox in a minute.
caller|Wonderful.
agent|You are welcome. Goodbye.
EOF

{ echo '['; cat "$work/entries"; printf '  }\n]\n'; } >"$target/scripts.json"
du -cb "$target"/*.ulaw | tail -1
