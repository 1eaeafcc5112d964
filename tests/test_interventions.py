"""Interventions: every site does what its name says on both kinds of model, and the model comes out as it went in."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch.testing import assert_close

from mi_course.errors import CourseError
from mi_course.interventions import (
    Cache,
    Edit,
    Run,
    Site,
    add,
    attn_out,
    embed,
    head_contribution,
    k,
    mlp_out,
    pattern,
    q,
    replace,
    resid_mid,
    resid_post,
    resid_pre,
    run,
    sites,
    v,
    z,
    zero,
)
from mi_course.zoo.native import build_native

D_VOCAB, N_CTX, D_MODEL, LAYERS, HEADS, D_HEAD = 40, 32, 24, 2, 3, 8
KINDS = ("native attention only", "native with MLPs", "GPT-NeoX", "GPT-2")


def native(attn_only):
    return build_native(
        {
            "n_layers": LAYERS,
            "d_model": D_MODEL,
            "n_heads": HEADS,
            "d_head": D_HEAD,
            "n_ctx": N_CTX,
            "d_vocab": D_VOCAB,
            "d_vocab_out": D_VOCAB,
            "attn_only": attn_only,
            "d_mlp": 48,
            "act_fn": "gelu_new",
            "normalization_type": "LN",
            "positional_embedding_type": "rotary",
            "rotary_dim": D_HEAD,
            "init_mode": "gpt2",
        },
        seed=0,
    )


def hugging_face(kind):
    from transformers import GPT2Config, GPT2LMHeadModel, GPTNeoXConfig, GPTNeoXForCausalLM

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if kind == "GPT-2":
            config = GPT2Config(
                vocab_size=D_VOCAB,
                n_embd=D_MODEL,
                n_layer=LAYERS,
                n_head=HEADS,
                n_inner=48,
                n_positions=N_CTX,
                bos_token_id=0,
                eos_token_id=0,
                initializer_range=0.2,
            )
            return GPT2LMHeadModel(config).eval()
        config = GPTNeoXConfig(
            vocab_size=D_VOCAB,
            hidden_size=D_MODEL,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            intermediate_size=48,
            max_position_embeddings=N_CTX,
            use_parallel_residual=False,
            bos_token_id=0,
            eos_token_id=0,
            initializer_range=0.2,
            rope_parameters={"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 1.0},
        )
        return GPTNeoXForCausalLM(config).eval()


def write_tokenizer(folder):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {"[BOS]": 0} | {f"w{i}": i for i in range(1, D_VOCAB)}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[BOS]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {name: "[BOS]" for name in ("bos_token", "eos_token", "pad_token", "unk_token")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """Plain transformers models and the bridges booted from their folders."""
    from transformer_lens.model_bridge import TransformerBridge

    pairs = {}
    for kind in ("GPT-NeoX", "GPT-2"):
        folder = tmp_path_factory.mktemp("checkpoint")
        plain = hugging_face(kind)
        plain.save_pretrained(folder)
        write_tokenizer(folder)
        bridge = TransformerBridge.boot_transformers(str(folder), device="cpu", dtype=torch.float32).eval()
        pairs[kind] = (plain, bridge)
    return pairs


@pytest.fixture(scope="module")
def models(checkpoints):
    return {
        "native attention only": native(True),
        "native with MLPs": native(False),
        **{kind: bridge for kind, (_, bridge) in checkpoints.items()},
    }


@pytest.fixture(params=KINDS)
def model(request, models):
    return models[request.param]


@pytest.fixture
def tokens():
    # [BOS] is also the padding token of the checkpoints' tokenizer: it must not be masked.
    ids = torch.randint(1, D_VOCAB, (2, 7), generator=torch.Generator().manual_seed(0))
    ids[:, 0] = 0
    ids[1, 3] = 0
    return ids


def noise(like, seed=0):
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed))


def hooks_of(model):
    return {name: [handle.user_hook for handle in point.fwd_hooks] for name, point in model.hook_dict.items()}


def torch_hooks_of(model):
    return {name: len(module._forward_hooks) for name, module in model.named_modules()}


# --- what a run returns -----------------------------------------------------------------------------------------------


def test_logits_are_those_of_plain_transformers(checkpoints, tokens):
    for plain, bridge in checkpoints.values():
        with torch.no_grad():
            assert_close(run(bridge, tokens).logits, plain(tokens).logits, atol=1e-5, rtol=1e-5)


def test_every_site_has_the_shape_its_name_promises(model, tokens):
    kept = run(model, tokens, cache=sites(model)).cache
    assert list(kept) == sites(model)
    for site, value in kept.items():
        expected = {
            "pattern": (2, HEADS, 7, 7),
            **{kind: (2, 7, HEADS, D_HEAD) for kind in "qkvz"},
        }.get(site.kind, (2, 7, D_MODEL))
        assert value.shape == expected
        assert not value.requires_grad


def test_cached_values_hang_together_as_the_architecture_says(model, tokens):
    has_mlp = resid_mid(0) in sites(model)
    kept = run(model, tokens, cache=sites(model)).cache
    for layer in range(LAYERS):
        assert_close(kept[pattern(layer)].sum(dim=-1), torch.ones(2, HEADS, 7))
        assert_close(torch.einsum("bhds,bshe->bdhe", kept[pattern(layer)], kept[v(layer)]), kept[z(layer)])
        middle = kept[resid_pre(layer)] + kept[attn_out(layer)]
        if has_mlp:
            assert_close(middle, kept[resid_mid(layer)])
            middle = middle + kept[mlp_out(layer)]
        assert_close(middle, kept[resid_post(layer)])
    for before, after in pairwise(range(LAYERS)):
        assert_close(kept[resid_post(before)], kept[resid_pre(after)])


def test_heads_and_output_bias_make_up_the_attention(model, tokens):
    with torch.no_grad():
        for layer in range(LAYERS):
            # Biases start at zero, which would hide one that is forgotten or counted once for each head.
            model.blocks[layer].attn.o.original_component.bias.copy_(noise(torch.empty(D_MODEL)))
        kept = run(model, tokens, cache=sites(model)).cache
        for layer in range(LAYERS):
            heads = head_contribution(model, kept, layer)
            assert heads.shape == (2, 7, HEADS, D_MODEL)
            assert_close(heads.sum(dim=2) + model.b_O[layer], kept[attn_out(layer)], atol=1e-5, rtol=1e-5)


def test_a_run_can_be_unpacked(model, tokens):
    result = run(model, tokens, cache=[z(0)])
    logits, cache = result
    assert isinstance(result, Run) and logits is result.logits and cache is result.cache


def test_a_cached_activation_answers_for_its_parts(model, tokens):
    whole = run(model, tokens, cache=[z(1), pattern(0), resid_post(0)]).cache
    wanted = [z(1, head=2), z(1, position=-1), z(1, head=0, position=3), pattern(0, head=1, position=2)]
    parts = run(model, tokens, cache=wanted).cache
    for site in wanted:
        assert site in whole
        assert_close(whole[site], parts[site])
    assert_close(whole[z(1, head=2)], whole[z(1)][:, :, 2])
    assert_close(whole[pattern(0, head=1, position=2)], whole[pattern(0)][:, 1, 2])
    assert_close(whole[resid_post(0, position=4)], whole[resid_post(0)][:, 4])
    assert z(0) not in whole and len(whole) == 3
    with pytest.raises(CourseError, match=r"z \(layer 0\) was not cached"):
        whole[z(0)]
    with pytest.raises(CourseError, match="does not exist: there are 3 heads"):
        whole[z(1, head=3)]
    with pytest.raises(CourseError, match="nothing"):
        Cache({})[z(0)]


# --- edits take effect, on both kinds ---------------------------------------------------------------------------------


def test_putting_back_what_was_there_changes_nothing(model, tokens):
    clean = run(model, tokens, cache=sites(model))
    for site in sites(model):
        again = run(model, tokens, [replace(site, clean.cache[site])])
        assert_close(again.logits, clean.logits, atol=1e-5, rtol=1e-5)


def test_an_edit_at_every_site_reaches_the_logits_and_nothing_before_it(model, tokens):
    clean = run(model, tokens, cache=sites(model))
    for site in sites(model):
        value = torch.full_like(clean.cache[site], 1 / 7) if site.kind == "pattern" else noise(clean.cache[site])
        edited = run(model, tokens, [replace(site, value)], cache=sites(model))
        assert_close(edited.cache[site], value, atol=1e-5, rtol=1e-5)
        assert (edited.logits - clean.logits).abs().max() > 1e-4
        for earlier in range(site.layer or 0):
            assert torch.equal(edited.cache[resid_post(earlier)], clean.cache[resid_post(earlier)])


def test_edits_of_queries_keys_and_values_act_on_the_head_named_and_no_other(model, tokens):
    clean = run(model, tokens, cache=sites(model)).cache
    for make in (q, k, v):
        edited = run(model, tokens, [add(make(0, head=1), noise(clean[q(0, head=1)]))], cache=sites(model)).cache
        assert not torch.allclose(edited[z(0, head=1)], clean[z(0, head=1)])
        for other in (0, 2):
            assert_close(edited[z(0, head=other)], clean[z(0, head=other)])
        assert torch.allclose(edited[pattern(0)], clean[pattern(0)]) == (make is v)


def test_an_edited_pattern_weighs_the_values(model, tokens):
    uniform = torch.full((2, 7, 7), 1 / 7)
    kept = run(model, tokens, [replace(pattern(0, head=1), uniform)], cache=[z(0), v(0)]).cache
    assert_close(kept[z(0, head=1)], kept[v(0, head=1)].mean(dim=1, keepdim=True).expand(2, 7, D_HEAD))


def test_a_zeroed_head_takes_its_contribution_out_of_the_logits(model, tokens):
    """Recomputed without hooks: final residual minus the head, through the model's own last norm and unembedding."""
    last = LAYERS - 1
    clean = run(
        model, tokens, cache=[z(last), resid_post(last), *([resid_mid(last)] if mlp_out(0) in sites(model) else [])]
    )
    ablated = run(model, tokens, [zero(z(last, head=1))])
    with torch.no_grad():
        contribution = head_contribution(model, clean.cache, last)[:, :, 1]
        residual = clean.cache[resid_post(last)] - contribution
        if resid_mid(last) in clean.cache:
            middle, block = clean.cache[resid_mid(last)], model.blocks[last]
            residual = residual - block.mlp(block.ln2(middle)) + block.mlp(block.ln2(middle - contribution))
        expected = model.unembed(model.ln_final(residual))
    assert_close(ablated.logits, expected, atol=1e-4, rtol=1e-4)


def test_checkpoint_edits_equal_the_same_edit_in_plain_transformers(checkpoints, tokens):
    """A zeroed head is a zeroed slice of what the output projection reads; a stream edit, one of a layer's output."""
    for kind, (plain, bridge) in checkpoints.items():
        layers = plain.transformer.h if kind == "GPT-2" else plain.gpt_neox.layers
        project = [layer.attn.c_proj if kind == "GPT-2" else layer.attention.dense for layer in layers]
        twin = [block.attn.o.original_component for block in bridge.blocks]
        with torch.no_grad():
            for mine, theirs in zip(project, twin, strict=True):
                mine.bias.copy_(theirs.bias)

        def without_head(module, arguments):
            hidden = arguments[0].clone()
            hidden[..., D_HEAD : 2 * D_HEAD] = 0
            return (hidden,)

        def with_offset(module, arguments, output):
            shifted = (output[0] if isinstance(output, tuple) else output) + 1.5
            return (shifted, *output[1:]) if isinstance(output, tuple) else shifted

        for edit, module, hook in (
            (zero(z(0, head=1)), project[0], "register_forward_pre_hook"),
            (add(resid_post(0), 1.5), layers[0], "register_forward_hook"),
        ):
            handle = getattr(module, hook)(without_head if hook.endswith("pre_hook") else with_offset)
            with torch.no_grad():
                expected = plain(tokens).logits
            handle.remove()
            assert_close(run(bridge, tokens, [edit]).logits, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_an_edit_of_the_middle_residual_moves_the_skip_connection_too(models, kind, tokens):
    model = models[kind]
    clean = run(model, tokens, cache=[resid_mid(0)])
    value = noise(clean.cache[resid_mid(0)])
    kept = run(model, tokens, [replace(resid_mid(0), value)], cache=sites(model)).cache
    assert_close(kept[resid_mid(0)], value)
    assert_close(kept[resid_post(0)], value + kept[mlp_out(0)], atol=1e-5, rtol=1e-5)
    block = model.blocks[0]
    with torch.no_grad():
        assert_close(kept[mlp_out(0)], block.mlp(block.ln2(value)), atol=1e-5, rtol=1e-5)


def test_only_the_named_head_and_position_change(model, tokens):
    clean = run(model, tokens, cache=[z(0)]).cache[z(0)]
    kept = run(model, tokens, [zero(z(0, head=2, position=-3))], cache=[z(0)]).cache[z(0)]
    expected = clean.clone()
    expected[:, -3, 2] = 0
    assert torch.equal(kept, expected)


def test_edits_at_one_site_apply_in_order_and_the_cache_comes_after_them(model, tokens):
    edits = [replace(z(0), 1.0), add(z(0), 2.0), add(z(0, head=1), 4.0), Edit(z(0, head=1), lambda value: value * 10)]
    kept = run(model, tokens, edits, cache=[z(0)]).cache[z(0)]
    assert_close(kept[:, :, 0], torch.full((2, 7, D_HEAD), 3.0))
    assert_close(kept[:, :, 1], torch.full((2, 7, D_HEAD), 70.0))


def test_values_broadcast(model, tokens):
    mean = noise(torch.empty(D_HEAD))
    kept = run(model, tokens, [replace(z(0, head=0), mean), add(resid_post(0), 0)], cache=[z(0)]).cache
    assert_close(kept[z(0, head=0)], mean.expand(2, 7, D_HEAD))


def test_a_single_edit_or_site_need_not_be_a_list(model, tokens):
    assert list(run(model, tokens, zero(z(0)), z(0)).cache) == [z(0)]


# --- gradients --------------------------------------------------------------------------------------------------------


def test_no_gradients_unless_asked_whatever_the_mode_around(model, tokens):
    assert not run(model, tokens).logits.requires_grad
    with torch.no_grad():
        assert run(model, tokens, grad=True).logits.requires_grad
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_gradients_at_cached_sites_are_those_of_adding_something_there(model, tokens):
    def loss(result):
        return result.logits[:, -1, 5].sum()

    recorded = run(model, tokens, cache=sites(model), grad=True)
    at_sites = torch.autograd.grad(loss(recorded), [recorded.cache[site] for site in sites(model)])
    for site, gradient in zip(sites(model), at_sites, strict=True):
        nothing = torch.zeros_like(recorded.cache[site], requires_grad=True)
        moved = run(model, tokens, [add(site, nothing)], grad=True)
        assert_close(gradient, torch.autograd.grad(loss(moved), nothing)[0], atol=1e-5, rtol=1e-4)


# --- nothing is left behind -------------------------------------------------------------------------------------------


def test_the_model_comes_out_as_it_went_in(model, tokens):
    seen = []

    def of_a_learner(value, hook):
        seen.append(hook.name)

    handle = model.hook_dict["blocks.0.attn.hook_z"].add_hook(of_a_learner)
    try:
        before = hooks_of(model), torch_hooks_of(model), {name: p.clone() for name, p in model.state_dict().items()}
        random_state = torch.get_rng_state()

        run(model, tokens, [zero(z(0))], cache=sites(model))
        with pytest.raises(ZeroDivisionError):
            run(model, tokens, [zero(z(0)), Edit(z(1), lambda value: 1 / 0)], cache=sites(model))
        with pytest.raises(CourseError):
            run(model, tokens, [zero(z(0)), zero(z(9))])

        assert (hooks_of(model), torch_hooks_of(model)) == before[:2]
        assert all(torch.equal(value, before[2][name]) for name, value in model.state_dict().items())
        assert torch.equal(random_state, torch.get_rng_state())
        assert len(seen) == 2 and not model.training
    finally:
        handle.hook.remove()
        model.hook_dict["blocks.0.attn.hook_z"].fwd_hooks.clear()


def test_an_edit_in_place_touches_neither_a_cached_tensor_nor_the_value_put_in(model, tokens):
    clean = run(model, tokens, cache=[z(0), resid_post(0)])
    kept = {site: value.clone() for site, value in clean.cache.items()}

    def in_place(value):
        return value.mul_(0)

    edits = [replace(z(0), clean.cache[z(0)]), Edit(z(0), in_place), Edit(z(0, head=1), in_place)]
    edits += [Edit(resid_post(0), lambda value: clean.cache[resid_post(0)]), Edit(resid_post(0), in_place)]
    edited = run(model, tokens, edits, cache=[z(0), resid_post(0)])
    assert (edited.cache[z(0)] == 0).all() and (edited.cache[resid_post(0)] == 0).all()
    assert all(torch.equal(value, kept[site]) for site, value in clean.cache.items())


def test_cached_tensors_are_the_callers_own(model, tokens):
    before = run(model, tokens).logits
    kept = run(model, tokens, cache=sites(model)).cache
    for value in kept.values():
        value.zero_()
    assert torch.equal(run(model, tokens).logits, before)


# --- what is wrong is said --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (Edit(z(0), lambda value: None), r"z \(layer 0\) returned None"),
        (Edit(z(0), lambda value: 3.0), "returned a float"),
        (Edit(z(0), lambda value: value[:1]), r"returned shape \(1, 7, 3, 8\) where \(2, 7, 3, 8\)"),
        (Edit(z(0, head=1), lambda value: value.sum()), r"where \(2, 7, 8\)"),
        (Edit(z(0), lambda value: value.double()), "float64 where torch.float32"),
        (replace(z(0), torch.zeros(5)), r"shape \(5,\) does not fit z"),
        (add(z(0), torch.zeros(2, 2, 7, 3, 8)), "does not fit"),
        (zero(z(2)), "there are 2 layers"),
        (zero(z(-1)), "there are 2 layers"),
        (zero(z(0, head=3)), "there are 3 heads"),
        (zero(k(0, head=-1)), "there are 3 heads"),
        (zero(z(0, position=7)), "there are 7 positions"),
        (zero(resid_post(0, position=-8)), "there are 7 positions"),
        (z(0), "list of Edit"),
        (7, "list of Edit"),
    ],
)
def test_bad_edits(model, tokens, edit, words):
    with pytest.raises(CourseError, match=words):
        run(model, tokens, [edit] if not isinstance(edit, int) else edit)


def test_a_site_that_the_model_lacks_is_named_with_those_it_has(models, tokens):
    model = models["native attention only"]
    for site in (resid_mid(0), mlp_out(0)):
        with pytest.raises(CourseError, match=f"no {site.kind}; the sites it has are embed, .*resid_post"):
            run(model, tokens, [zero(site)])
        with pytest.raises(CourseError, match=f"no {site.kind}"):
            run(model, tokens, cache=[site])


def test_an_edit_that_is_never_reached_is_not_passed_over(models, tokens):
    class Unreached:
        """A model whose hooks exist and never fire, as some do in other modes of a bridge."""

        def __init__(self, model):
            self.cfg, self.hook_dict, self.training = model.cfg, dict(model.hook_dict), False
            self.hook_dict["blocks.0.attn.hook_z"] = type(model.hook_dict["blocks.0.attn.hook_z"])()
            self.model = model

        def __call__(self, tokens):
            return self.model(tokens)

    model = Unreached(models["GPT-2"])
    for arguments in ({"edits": [zero(z(0, head=1))]}, {"cache": [z(0)]}):
        with pytest.raises(CourseError, match="never came to z"):
            run(model, tokens, **arguments)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([[1, 2]], "tensor of token ids"),
        (torch.zeros(2, 3), "whole numbers"),
        (torch.zeros(2, 3, dtype=torch.bool), "whole numbers"),
        (torch.zeros(3, dtype=torch.long), r"shape \(batch, position\)"),
        (torch.zeros(2, 0, dtype=torch.long), "at least one token"),
        (torch.full((1, 3), D_VOCAB), "Token id 40 is outside"),
        (torch.full((1, 3), -1), "Token id -1 is outside"),
        (torch.zeros(1, N_CTX + 1, dtype=torch.long), "context holds 32"),
    ],
)
def test_bad_tokens(model, bad, words):
    with pytest.raises(CourseError, match=words):
        run(model, bad)


def test_short_integers_are_fine(model, tokens):
    assert torch.equal(run(model, tokens.int()).logits, run(model, tokens).logits)


def test_train_mode_and_other_objects_are_refused(model, tokens):
    model.train()
    try:
        with pytest.raises(CourseError, match=r"model.eval\(\)"):
            run(model, tokens)
    finally:
        model.eval()
    with pytest.raises(CourseError, match="not Linear"):
        run(torch.nn.Linear(2, 2), tokens)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Site("patern", 0), "Did you mean 'pattern'"),
        (lambda: Site("z"), "needs a layer"),
        (lambda: Site("embed", 0), "no layer"),
        (lambda: Site("resid_pre", 0, head=1), "no heads"),
        (lambda: z(1.0), "whole number"),
        (lambda: z(0, head=True), "whole number"),
        (lambda: z(0, position="last"), "whole number"),
        (lambda: Edit("z", torch.zeros_like), "needs a site"),
        (lambda: Edit(z(0), torch.zeros(3)), r"use replace\(\)"),
    ],
)
def test_bad_sites(make, words):
    with pytest.raises(CourseError, match=words):
        make()


def test_sites_read_well():
    assert [str(site) for site in (embed(), z(1, head=0), pattern(0, head=1, position=-1))] == [
        "embed",
        "z (layer 1, head 0)",
        "pattern (layer 0, head 1, position -1)",
    ]
