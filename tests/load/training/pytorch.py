# The other side of tests/load/training.bench.ts: one training step of PyTorch for each line on standard input.
# Arguments: model folder, cls or mean, threads, token ids as JSON (texts of one length). A line holds the texts a run;
# the answer is one line of JSON: milliseconds on the clock and of processor time, and the first numbers of the first text's vector.
import json
import sys
import time

import torch
from transformers import BertModel

folder, pooling, threads, texts = sys.argv[1:]
torch.set_num_threads(int(threads))
model = BertModel.from_pretrained(folder, add_pooling_layer=False, torch_dtype=torch.float32).train()
for module in model.modules():
    if isinstance(module, torch.nn.Dropout):
        module.p = 0.0
ids = torch.tensor(json.loads(texts))
towards = torch.sin(torch.arange(len(ids) * model.config.hidden_size, dtype=torch.float32)).reshape(len(ids), -1)


def run(part, gradient):
    states = model(input_ids=part, attention_mask=torch.ones_like(part)).last_hidden_state
    vectors = torch.nn.functional.normalize(states[:, 0] if pooling == "cls" else states.mean(1), dim=-1)
    vectors.backward(gradient)
    return vectors


for line in sys.stdin:
    size = int(line)
    model.zero_grad(set_to_none=False)
    start, used = time.perf_counter(), time.process_time()
    vectors = [run(part, gradient) for part, gradient in zip(ids.split(size), towards.split(size))]
    ms, cpu = (time.perf_counter() - start) * 1000, (time.process_time() - used) * 1000
    print(json.dumps(dict(ms=ms, cpu=cpu, vector=vectors[0][0, :4].tolist())), flush=True)
