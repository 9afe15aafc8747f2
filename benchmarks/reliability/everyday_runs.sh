#!/usr/bin/env bash
# Runs as people start, stop and share them, with a tiny model: one line for each case, with its exit code and what tells
# how it ended. Two releases are compared by two runs:
#   FTK=/old/bin/ftk benchmarks/reliability/everyday_runs.sh >old.txt
#   FTK=/new/bin/ftk benchmarks/reliability/everyday_runs.sh >new.txt
#   benchmarks/reliability/everyday_runs.sh pipe bomb     these cases alone
# The python beside FTK writes the data and reads what came out; PYTHON names another one. TMPDIR needs 1 GB.
set -u
FTK=${FTK:-ftk}
program=$(command -v "$FTK") || { echo "everyday_runs: there is no $FTK" >&2; exit 1; }
PYTHON=${PYTHON:-$(dirname "$program")/python}
place=$(mktemp -d "${TMPDIR:-/tmp}/ftk-everyday.XXXXXX")
trap 'rm -rf "$place"' EXIT
export FTK_CACHE=$place/cache HF_HOME=$place/hf HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 COLUMNS=200 TOKENIZERS_PARALLELISM=false

ftk() { timeout -k 5 "${LIMIT:-180}" "$FTK" "$@"; }
# The program itself, for a background job whose id is that of ftk.
begin() { timeout -k 5 "${LIMIT:-180}" "$FTK" "$@" & }

# One line of the table: the case, an exit code, and a text.
told() { printf '%-34s %4s  %s\n' "$1" "$2" "$(printf '%s' "$3" | tr '\n\t' '  ' | cut -c1-220)"; }
# The line of out and err that tells most: one with a pattern, else the end of a traceback, else the last one.
telling() {
    local line=''
    [ -z "$1" ] || line=$(cat err out 2>/dev/null | grep -a -m1 -E -e "$1")
    if grep -qa Traceback err 2>/dev/null; then line="TRACEBACK $(grep -a . err | tail -1)"; fi
    [ -n "$line" ] || line=$(cat out err 2>/dev/null | grep -a . | tail -1)
    printf '%s' "$line"
}
# try CASE PATTERN COMMAND…: run it, and tell.
try() {
    local name=$1 pattern=$2
    shift 2
    "$@" >out 2>err </dev/null
    told "$name" $? "$(telling "$pattern")"
}
py() { "$PYTHON" - "$@"; }
# rows NAME NUMBER LABELS…: texts that tell their label.
rows() {
    py "$@" <<'P'
import json, sys
name, number, *labels = sys.argv[1:]
with open(name, "w") as file:
    for at in range(int(number)):
        label = labels[at % len(labels)]
        file.write(json.dumps({"text": f"word{labels.index(label)} and word{labels.index(label)} once more, {at}", "label": label}) + "\n")
P
}
value() { py "$@" <<'P'
import json, sys
try:
    found = json.load(open(sys.argv[1]))
    for key in sys.argv[2:]:
        found = found.get(key) if isinstance(found, dict) else None
    print(found)
except OSError:
    print("no", sys.argv[1])
P
}
base() {
    [ -d "$place/base" ] || ftk finetune model=tiny train.max_steps=6 "run.dir=$place/base" >/dev/null 2>&1 </dev/null
    seq 1 3000 | sed 's/^/Ada writes to Bob /' >lines.txt
    model="checkpoint=$place/base/best"
}
tiny=(task=text-classification model=tiny)

case_pipe() {
    base
    ftk predict "$model" input=<(cat lines.txt) >out 2>err
    told "rows of <(…), 3,000" $? "$(wc -l <out) records"
    ftk predict "$model" input=/dev/stdin <lines.txt >out 2>err
    told "rows of /dev/stdin, 3,000" $? "$(wc -l <out) records"
    mkfifo fifo
    cat lines.txt >fifo &
    ftk predict "$model" input=fifo >out 2>err </dev/null
    told "rows of a FIFO, 3,000" $? "$(wc -l <out) records"
}
case_other_labels() {
    rows one.jsonl 60 elm oak fir
    rows two.jsonl 60 oak fir yew
    rows more.jsonl 80 elm oak fir yew
    rows fewer.jsonl 9 elm oak fir
    ftk finetune "${tiny[@]}" data.train=one.jsonl data.validation=one.jsonl train.epochs=3 run.dir=r >/dev/null 2>&1
    cp -r r more
    cp -r r fewer
    try "force: other labels" "label" ftk finetune "${tiny[@]}" data.train=two.jsonl data.validation=two.jsonl \
        train.epochs=4 run.dir=r run.resume=force
    try "force: more labels" "label" ftk finetune "${tiny[@]}" data.train=more.jsonl data.validation=more.jsonl \
        train.epochs=4 run.dir=more run.resume=force
    try "force: fewer rows" "nothing is left|rows of train" ftk finetune "${tiny[@]}" data.train=fewer.jsonl data.validation=one.jsonl \
        train.epochs=3 run.dir=fewer run.resume=force
}
case_thresholds() {
    py <<'P'
import json
def write(name, number, rare):
    with open(name, "w") as file:
        for at in range(number):
            text, labels = f"the {'north' if at % 2 else 'south'} wind, {at}", ["north" if at % 2 else "south"]
            if at in rare:
                text, labels = "an eclipse of the moon", ["odd"]
            file.write(json.dumps({"text": text, "labels": labels}) + "\n")
write("train.jsonl", 400, {7}); write("validation.jsonl", 60, {9}); write("test.jsonl", 60, set())
P
    ftk finetune task=multi-label model=tiny task.threshold=tuned data.train=train.jsonl data.validation=validation.jsonl \
        data.test=test.jsonl train.epochs=3 optimizer.lr=1e-3 run.dir=r >out 2>err </dev/null
    told "a threshold for a rare label" $? "$(grep -c '"odd"[],]' r/predictions/test.jsonl 2>/dev/null) of 60 rows may be given it; \
f1_micro $(value r/metrics.json test f1_micro)"
}
case_averages() {
    py <<'P'
import json
with open("skew.jsonl", "w") as file:
    for at in range(90):
        file.write(json.dumps({"text": f"Line {at} of the log", "label": "bad" if at % 30 == 0 else "good"}) + "\n")
P
    try "a cut without the rarer class" "one label|without a|every row|all with" ftk finetune "${tiny[@]}" \
        data.train=skew.jsonl train.max_steps=4 run.dir=r
    told "  labels in f1_macro" - "$(value r/metrics.json validation macro_labels)"
    try "early stopping" "patience|no better|stopp" ftk finetune model=tiny train.patience=1 train.max_steps=60 \
        train.eval_every=2 optimizer.lr=1e-9 run.dir=p
}
case_streams() {
    base
    try "~ that is nobody, data" "no user" ftk finetune model=tiny 'data.train=~nobody-here.csv'
    try "~ that is nobody, output" "no user" ftk predict "$model" input=lines.txt 'output=~nobody-here/o.jsonl'
    ftk predict "$model" input=lines.txt output=o.jsonl >&- 2>err </dev/null
    told "standard output is closed" $? "$(wc -l <o.jsonl 2>/dev/null) records; $(: >out; telling '')"
    PYTHONIOENCODING=latin-1 try "a stdout in Latin-1" "" ftk finetune model=tiny train.max_steps=1 data.limit=8 run.dir=l
    ftk finetune model=tiny train.epochs=4 train.log_every=1 run.dir=h 2>err </dev/null | head -5 >/dev/null
    local code=${PIPESTATUS[0]}
    told "| head" "$code" "$([ -d h/last ] && echo 'the state is saved' || echo 'no state'); $(: >out; telling 'resume|saved')"
    (echo first; sleep 8; echo second) | ftk predict "$model" input=- 2>/dev/null |
        while read -r _; do date +%s; done >times
    told "seconds between two lines' records" - "$(($(tail -1 times) - $(head -1 times))) of 8"
}
case_crowd() {
    base
    for _ in 1 2 3 4; do cat lines.txt; done >many.txt
    begin predict "$model" input=lines.txt output=same.jsonl 2>err1 >/dev/null
    local first=$!
    sleep 1
    ftk predict "$model" input=many.txt output=same.jsonl 2>err >out </dev/null
    local second=$?
    wait "$first"
    told "two writers of one output" "$?/$second" "$(wc -l <same.jsonl 2>/dev/null) records; $(telling 'process|writ')"
}
case_network() {
    "$PYTHON" - <<'P' &
import socket
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 18931)); server.listen(9)
kept = []
while True:
    kept.append(server.accept())
P
    "$PYTHON" - <<'P' &
import socket
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", 18932)); server.listen(9)
while True:
    one, _ = server.accept()
    one.recv(4096); one.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"); one.close()
P
    sleep 1
    HF_HUB_OFFLINE=0 HF_ENDPOINT=http://127.0.0.1:18931 LIMIT=90 try "a hub that never answers" "127.0.0.1|await|wait" \
        ftk finetune model=bert-base-cased data.limit=8 run.dir=a
    HF_HUB_OFFLINE=0 HTTPS_PROXY=http://127.0.0.1:18932 LIMIT=90 try "a proxy that refuses" "proxy|18932" \
        ftk finetune model=bert-base-cased data.limit=8 run.dir=b
}
case_spans() {
    py <<'P'
import json
with open("train.jsonl", "w") as train, open("test.jsonl", "w") as test:
    for at in range(20):
        name = f"Ada Berg {at}"
        train.write(json.dumps({"text": f"{name} went home", "spans": [[0, 8, "PER"]]}) + "\n")
        cut = 6 if at % 2 else 8
        test.write(json.dumps({"text": f"{name} went home", "spans": [[0, cut, "PER"]]}) + "\n")
P
    ftk finetune model=tiny data.train=train.jsonl data.validation=train.jsonl data.test=test.jsonl \
        task.misaligned_spans=drop train.epochs=2 run.dir=r >out 2>err </dev/null
    told "gold spans that a policy leaves out" $? "support $(value r/metrics.json test support) of 20"
}
case_sweeps() {
    rows data.jsonl 60 elm oak fir
    local line=(finetune -m "${tiny[@]}" data.train=data.jsonl optimizer.lr=1e-3,3e-3 train.max_steps=20 run.dir=sw)
    "$FTK" "${line[@]}" run.seed=1,2 >/dev/null 2>&1 </dev/null &
    sleep 12
    kill -9 $! 2>/dev/null
    wait $! 2>/dev/null
    try "a killed sweep again" "fail|there is no|done" ftk "${line[@]}" run.seed=1,2 run.resume=true
    told "  results.csv" - "$(grep -c , sw/results.csv 2>/dev/null) lines, $(grep -c -i fail sw/results.csv 2>/dev/null) failed"
    try "the same sweep with one more seed" "fail|done" ftk "${line[@]}" run.seed=1,2,3 run.resume=true
    told "  results.csv" - "$(grep -c , sw/results.csv 2>/dev/null) lines, $(grep -c -i fail sw/results.csv 2>/dev/null) failed"
    timeout --foreground --preserve-status -s INT 10 "$FTK" finetune -m "${tiny[@]}" data.train=data.jsonl \
        optimizer.lr=1e-3,3e-3 train.max_steps=20 run.dir=si >/dev/null 2>err </dev/null
    told "Ctrl-C in a sweep" $? "$([ -e si/results.csv ] && echo 'results.csv is there' || echo 'no results.csv')"
}
case_markup() {
    printf '%s\n' '{"text":"good day","label":"[/]"}' '{"text":"bad day","label":"[bold red]x[/bold red]"}' >m.jsonl
    try "markup in labels" "bold" ftk finetune "${tiny[@]}" data.train=m.jsonl data.validation_share=0 data.test=m.jsonl \
        train.max_steps=3 run.dir=r
    told "  in log.txt" - "$(grep -c -F '[bold red]' r/log.txt 2>/dev/null) lines with the label as it is; $(ls r/metrics.json 2>&1)"
}
case_bomb() {
    base
    py <<'P'
import gzip
with gzip.open("bomb.txt.gz", "wb", compresslevel=9) as file:
    file.write(b"Ada writes\n")
    for _ in range(500):
        file.write(b"a" * (1 << 20))
    file.write(b"\nBob reads\n")
open("long.txt", "w").write("Ada writes to Bob. " * 550_000)
P
    limited() { (ulimit -v 14000000; /usr/bin/env time -f '%e s, %M KB' timeout 180 "$FTK" "$@"); }
    try "a .gz with a line of 500 MB" "MiB|memory| KB" limited predict "$model" input=bomb.txt.gz output=b.jsonl
    try "  bad rows are kept" "rows in|MiB|memory" limited predict "$model" input=bomb.txt.gz output=k.jsonl \
        data.bad_rows=keep run.overwrite=true
    try "a line of 10 MB" " KB" limited predict "$model" input=long.txt output=l.jsonl
}
case_wide() {
    py <<'P'
for columns in (20_000, 100_000):
    with open(f"{columns}.csv", "w") as file:
        file.write(",".join(["text", "label", *(f"c{at}" for at in range(columns))]) + "\n")
        for row in range(3):
            file.write(",".join([f"text {row}", "ab"[row % 2], *("1" for _ in range(columns))]) + "\n")
P
    for columns in 20000 100000; do
        local start=$SECONDS
        LIMIT=90 ftk finetune "${tiny[@]}" data.train=$columns.csv data.validation_share=0 train.max_steps=1 \
            run.dir=w$columns >out 2>err </dev/null
        told "$columns columns" $? "$((SECONDS - start)) s"
    done
}
case_many_labels() {
    py <<'P'
import json
for name, number in (("train", 20_000), ("validation", 2_000)):
    with open(f"{name}.jsonl", "w") as file:
        for at in range(number):
            file.write(json.dumps({"text": f"item {at}", "label": f"label {at}"}) + "\n")
with open("sets.jsonl", "w") as file:
    for at in range(3_000):
        file.write(json.dumps({"text": f"item {at}", "labels": [f"label {at}"]}) + "\n")
P
    LIMIT=280 begin finetune "${tiny[@]}" data.train=train.jsonl data.validation=validation.jsonl train.max_steps=1 \
        train.batch_size=8 run.dir=r >out 2>err </dev/null
    local job=$! start
    for _ in $(seq 240); do
        grep -qa '1/1' r/log.txt 2>/dev/null && break
        kill -0 $job 2>/dev/null || break
        sleep 1
    done
    sleep 3
    start=$SECONDS
    kill -TERM $job 2>/dev/null
    wait $job
    told "SIGTERM in a validation, 20,000 labels" $? "obeyed after $((SECONDS - start)) s"
    ftk finetune task=multi-label model=tiny data.train=sets.jsonl data.validation_share=0 train.max_steps=1 run.dir=s \
        >out 2>err </dev/null
    head -20 sets.jsonl >few.jsonl
    ftk predict checkpoint=s/best input=few.jsonl output=p.jsonl >out 2>err </dev/null
    told "a record of 3,000 labels" $? "$(($(wc -c <p.jsonl 2>/dev/null || echo 0) / 20)) bytes a row"
}
case_changing() {
    base
    for _ in $(seq 20); do cat lines.txt; done >many.txt
    begin predict "$model" input=many.txt output=o.jsonl >out 2>err </dev/null
    local job=$!
    sleep 6
    truncate -s 400000 many.txt
    wait $job
    told "an input that is cut while it is read" $? "$(wc -l <o.jsonl 2>/dev/null) of 60000 records; $(telling 'chang')"
    for _ in $(seq 20); do cat lines.txt; done >many.txt
    begin predict "$model" input=many.txt output=s.jsonl >out 2>err </dev/null
    job=$!
    sleep 9
    kill -TERM $job
    wait $job
    told "a prediction that is stopped" $? "$(ls s.jsonl.part 2>/dev/null || echo 'nothing is left')"
    try "  and goes on" "going on|resume" ftk predict "$model" input=many.txt output=s.jsonl run.resume=true
}
case_names() {
    printf '%s\n' '{"text":"wide","label":"Größe"}' '{"text":"green","label":"C#"}' '{"text":"yes","label":"true"}' \
        '{"text":"piece","label":"part-of(e1,e2)"}' >n.jsonl
    cp n.jsonl Höhe.jsonl
    local common=("${tiny[@]}" data.train=n.jsonl data.validation_share=0 train.max_steps=1 run.overwrite=true run.dir=r)
    for weights in '{Größe: 2}' '{"part-of(e1,e2)": 2.0}' '{C#: 2}' '{true: 2}'; do
        try "task.class_weights=$weights" "" ftk finetune "${common[@]}" "task.class_weights=$weights"
    done
    try "data.train=[n.jsonl,Höhe.jsonl]" "" ftk finetune "${common[@]}" 'data.train=[n.jsonl,Höhe.jsonl]'
    ftk finetune model=tiny "run.dir='a,b'" run.stop_after=1 data.limit=16 >out 2>err </dev/null
    local code=$? line
    line=$(cat out err | grep -a -m1 -o 'ftk finetune .*')
    bash -c "ftk() { '$program' \"\$@\"; }; $line" >out 2>err </dev/null
    told "the command that goes on, pasted" "$code/$?" "$line"
    try "+experiment=exp1" "The group" ftk finetune model=tiny optimizer.lr=1e-3 +experiment=exp1
    try "run.dir of two lines" "" ftk finetune model=tiny $'run.dir="two\nlines"' run.stop_after=1 data.limit=16
    told "  config.yaml" - "$(head -1 $'two\nlines/config.yaml' 2>/dev/null | cut -c1-120)"
}
case_models() {
    mkdir adapter
    echo '{"peft_type":"LORA","base_model_name_or_path":"google-bert/bert-base-cased"}' >adapter/adapter_config.json
    touch adapter/adapter_model.safetensors
    try "a folder of an adapter" "PEFT" ftk finetune model=auto model.name=adapter data.limit=8 run.dir=a
    base
    cp -r "$place/base/best" broken
    "$PYTHON" -c "
import json
found = json.load(open('broken/tokenizer.json')); found.pop('added_tokens'); json.dump(found, open('broken/tokenizer.json', 'w'))"
    rm -f broken/ftk.json
    try "a malformed tokenizer.json" "tokenizer" ftk finetune model=auto model.name=broken data.limit=8 run.dir=b
    told "permissions, umask $(umask)" - "$(stat -c '%A %n' "$place"/base/best/model.safetensors "$place"/base/best/config.json |
        sed 's|/[^ ]*/||' | paste -sd' ')"
    rows data.jsonl 24 elm oak
    ftk finetune task=text-classification model=auto "model.name=$place/base/best" data.train=data.jsonl train.max_steps=1 \
        run.dir=f >out 2>err </dev/null
    told "SHA-256 of the weights it began from" $? "$(grep -c -E '"[0-9a-f]{64}"' f/environment.json 2>/dev/null) in environment.json"
}
case_others_open() {
    base
    head -200 lines.txt >few.txt
    ftk predict "$model" input=few.txt >p.jsonl 2>/dev/null </dev/null
    py "$place/base/best" >out 2>/dev/null <<'P'
import json, sys
from transformers import pipeline
texts = open("few.txt").read().splitlines()
own = sum(len(json.loads(line)["entities"]) for line in open("p.jsonl"))
for strategy in ("simple", "first"):
    tag = pipeline("ner", sys.argv[1], aggregation_strategy=strategy)
    print(f"{strategy}: {sum(map(len, tag(texts)))} of {own} entities of predict", end="; ")
P
    told "a NER model in pipeline" $? "$(: >err; telling '')"
    py <<'P'
import json
with open("ranks.jsonl", "w") as file:
    for at in range(40):
        file.write(json.dumps({"query": f"where is number {at}", "positive": f"it is at {at}"}) + "\n")
        file.write(json.dumps({"query": f"what of number {at}", "positive": f"It is at {at} "}) + "\n")
P
    try "candidates that differ in case and blanks" "blanks|differ" ftk finetune task=ranking model=tiny \
        data.train=ranks.jsonl train.max_steps=4 run.dir=k
    told "  for sentence-transformers" - "$(ls -d k/best/modules.json k/best/1_Pooling 2>/dev/null | paste -sd' ')"
    cp -r k/best st
    rm -f st/ftk.json
    mkdir -p st/1_Pooling
    echo '{"word_embedding_dimension": 64, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}' >st/1_Pooling/config.json
    try "trained from a folder that pools by cls" "pool|1_Pooling" ftk finetune task=ranking model=auto model.name=st \
        data.train=ranks.jsonl train.max_steps=2 run.dir=t
    rows data.jsonl 90 elm oak fir
    ftk finetune "${tiny[@]}" data.train=data.jsonl train.epochs=8 optimizer.lr=3e-3 run.dir=c >/dev/null 2>&1 </dev/null
    cp -r c/best outliers
    py <<'P'
from safetensors.torch import load_file, save_file
weights = load_file("outliers/model.safetensors")
for name in [name for name in weights if name.endswith("attention.self.value.weight")]:
    weights[name][:2] *= 100
    weights[name.replace("weight", "bias")][:2] *= 100
    weights[name.replace("self.value", "output.dense")][:, :2] /= 100
save_file(weights, "outliers/model.safetensors", metadata={"format": "pt"})
P
    rm -f outliers/ftk.json
    try "int8 with two outlier channels" " in int8" ftk evaluate checkpoint=outliers task=text-classification \
        data.test=data.jsonl hardware.precision=int8 run.dir=i
}
case_long_rows() {
    base
    py <<'P'
import json
with open("pairs.jsonl", "w") as file:
    for at in range(8):
        words = 1500 if at == 0 else 5
        row = {"text": "word " * words, "pair": "other " * words, "label": "ab"[at % 2]}
        file.write(json.dumps(row) + "\n")
with open("docs.txt", "w") as file:
    for at in range(60):
        file.write(("☃" * 40 if at % 5 == 0 else f"The country number {at} exports oil and gas.") + "\n\n")
with open("one_bad.jsonl", "w") as file:
    for at in range(3000):
        file.write('{"text": null}\n' if at == 2900 else json.dumps({"text": f"Ada writes {at}"}) + "\n")
P
    local start=$SECONDS
    ftk finetune "${tiny[@]}" task.pairs=true data.train=pairs.jsonl data.validation_share=0 train.epochs=1 run.dir=p \
        >out 2>err </dev/null
    told "a pair of two long texts" $? "$((SECONDS - start)) s; $(telling 'max_windows')"
    try "blocks of unknown tokens, one at a time" "vocabulary knows" ftk pretrain model=auto \
        "model.name=$place/base/best" data.train=docs.txt data.max_length=16 train.batch_size=1 train.epochs=1 run.dir=b
    try "one bad row of 3,000" "bad_rows|rows in" ftk predict "$model" input=one_bad.jsonl output=o.jsonl
    try "  data.bad_rows=keep" "bad row|rows in|cannot be" ftk predict "$model" input=one_bad.jsonl output=k.jsonl data.bad_rows=keep
}
case_places() {
    printf 'The country exports oil.\n\nThe sea is wide.\n\n%.0s' $(seq 30) >docs.txt
    try "pretrain without HOME" "" env -u HOME "$FTK" pretrain model=tiny data.train=docs.txt train.max_steps=1 run.dir=h
    COLUMNS=20 try "20 columns of a terminal" "f1_|f1 " ftk finetune model=tiny train.max_steps=1 data.limit=16 run.dir=c
    WORLD_SIZE=2 RANK=0 try "WORLD_SIZE=2" "WORLD_SIZE" ftk finetune model=tiny train.max_steps=1 data.limit=8 run.dir=w
}
case_tables_of_pipes() {
    base
    printf 'id,text\n1,Ada writes to Bob\n2,Bob reads\n' >t.csv
    ftk predict "$model" input=- <t.csv >out 2>err
    told "a CSV through input=-" $? "$(wc -l <out) records; $(: >out; telling 'table|data=csv')"
}

mapfile -t all < <(sed -n 's/^case_\([a-z_]*\)() {$/\1/p' "$0")
for name in "${@:-${all[@]}}"; do
    mkdir -p "$place/$name"
    (trap 'kill $(jobs -p) 2>/dev/null' EXIT; cd "$place/$name" && "case_$name")
    rm -rf "${place:?}/$name"
done
