"""The language server, asked by a real client over stdin and stdout."""

import sys
from collections.abc import AsyncIterator

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient
from small_specs import SEMI_SUPERVISED

from ssldsl.editor.analysis import Analysis

TEXT = SEMI_SUPERVISED
URI = "file:///nowhere/tiny.ssl"


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[sys.executable, "-m", "ssldsl", "lsp"]))
async def client(lsp_client: LanguageClient) -> AsyncIterator[None]:
    await lsp_client.initialize_session(
        lsp.InitializeParams(
            capabilities=pytest_lsp.client_capabilities("visual-studio-code"), root_uri="file:///nowhere"
        )
    )
    yield
    await lsp_client.shutdown_session()


async def opened(client: LanguageClient, text: str) -> list[lsp.Diagnostic]:
    """What is said about a text that was opened."""
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(URI, "ssl", 1, text)))
    await client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return list(client.diagnostics[URI])


def place(text: str, after: str) -> lsp.TextDocumentPositionParams:
    """The place behind the first occurrence of some words."""
    before = text[: text.index(after) + len(after)]
    return lsp.TextDocumentPositionParams(
        lsp.TextDocumentIdentifier(URI), lsp.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)
    )


@pytest.mark.asyncio
async def test_an_editor_is_told_what_is_wrong_and_offered_the_cure(client: LanguageClient) -> None:
    (found,) = await opened(client, TEXT.replace("rotation(all)", "rotaton(all)"))
    assert (found.code, found.severity, found.range.start.line) == ("N201", lsp.DiagnosticSeverity.Error, 6)
    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(lsp.TextDocumentIdentifier(URI), found.range, lsp.CodeActionContext([found]))
    )
    (action,) = actions or []
    assert isinstance(action, lsp.CodeAction) and action.edit is not None and action.edit.changes is not None
    assert [edit.new_text for edit in action.edit.changes[URI]] == ["rotation"]


@pytest.mark.asyncio
async def test_second_places_are_told(client: LanguageClient) -> None:
    (found,) = await opened(client, TEXT.replace("ce(labeled) +", "ce(labeled) + ce(all) +"))
    assert found.code == "D401"
    notes = [(note.location.range.start.line, note.message) for note in found.related_information or []]
    assert (3, "the labels were removed here") in notes


@pytest.mark.asyncio
async def test_a_change_is_checked_anew(client: LanguageClient) -> None:
    assert await opened(client, TEXT) == []
    change = lsp.TextDocumentContentChangePartial(
        range=lsp.Range(lsp.Position(8, 8), lsp.Position(8, 11)), text="2", range_length=None
    )
    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(lsp.VersionedTextDocumentIdentifier(2, URI), [change])
    )
    await client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    assert [found.code for found in client.diagnostics[URI]] == ["D501"]


@pytest.mark.asyncio
async def test_names_are_explained_found_and_changed(client: LanguageClient) -> None:
    await opened(client, TEXT)
    at = place(TEXT, "0.3*rotat")
    hover = await client.text_document_hover_async(lsp.HoverParams(at.text_document, at.position))
    assert hover is not None and "def rotation(x, using encoder)" in hover.contents.value  # type: ignore[union-attr]
    at = place(TEXT, "ce(label")
    hover = await client.text_document_hover_async(lsp.HoverParams(at.text_document, at.position))
    assert hover is not None and "Data[" in hover.contents.value  # type: ignore[union-attr]
    found = await client.text_document_definition_async(lsp.DefinitionParams(at.text_document, at.position))
    assert isinstance(found, lsp.Location) and found.range.start.line == 2
    edit = await client.text_document_rename_async(lsp.RenameParams(at.text_document, at.position, "seen"))
    assert edit is not None and edit.changes is not None
    assert sorted(e.range.start.line for e in edit.changes[URI]) == [2, 6, 7]


@pytest.mark.asyncio
async def test_what_may_stand_at_a_place_is_offered(client: LanguageClient) -> None:
    text = TEXT.replace("eval top1(images.test)", "eval top1(images.)")
    await opened(client, text)
    at = place(text, "top1(images.")
    items = await client.text_document_completion_async(lsp.CompletionParams(at.text_document, at.position))
    labels = [item.label for item in items]  # type: ignore[union-attr]
    assert {"train", "test", "classes", "subset"} <= set(labels)
    at = place(text, "convnet(")
    items = await client.text_document_completion_async(lsp.CompletionParams(at.text_document, at.position))
    assert {"width=", "encoder", "linear"} <= {item.label for item in items}  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_texts_are_formatted_and_omissions_shown(client: LanguageClient) -> None:
    text = TEXT.replace("run   = 2it", "run = 2it")
    await opened(client, text)
    edits = await client.text_document_formatting_async(
        lsp.DocumentFormattingParams(lsp.TextDocumentIdentifier(URI), lsp.FormattingOptions(2, True))
    )
    assert edits is not None and edits[0].new_text == TEXT
    hints = await client.text_document_inlay_hint_async(
        lsp.InlayHintParams(lsp.TextDocumentIdentifier(URI), lsp.Range(lsp.Position(0, 0), lsp.Position(11, 0)))
    )
    assert ", encoder=encoder" in [hint.label for hint in hints or []]


WITH_A_VARIANT = TEXT + "variant odd { set rotaton.angle = 2 }\n"
ROUNDS = """
ssl 1
data   d   = digits()
stream all = d.train
net    e   = convnet(width=4)
head   h   = linear(e.dim, 10)
stage  first {{ loss = cross_entropy(h(e(all)), all.label)
  run = 1ep
}}
stage  next[150] after first {{ init e from {start}
  loss = cross_entropy(h(e(all)), all.label)
  run = {length}
}}
"""


@pytest.mark.asyncio
async def test_what_a_variant_gets_wrong_is_told_when_the_text_rests(client: LanguageClient) -> None:
    assert await opened(client, WITH_A_VARIANT) == []
    await client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    (found,) = client.diagnostics[URI]
    assert found.range.start.line == WITH_A_VARIANT.count("\n") - 1
    assert "in variant `odd`" in found.message


def test_of_many_rounds_the_first_are_looked_at_first() -> None:
    first = Analysis.of(ROUNDS.format(start="previous", length="1ep"), "rounds.ssl")
    assert first.checked.program is not None
    assert [stage.name for stage in first.checked.program.stages] == ["first", "next.0", "next.1", "next.2"]
    *_, last = first.completed()
    assert last.checked.diagnostics == ()


def test_what_only_a_late_round_gets_wrong_is_told_in_the_end() -> None:
    first = Analysis.of(
        ROUNDS.format(start="previous", length="1ep\n  optimizer = sgd(lr=0.1 - 0.001*round)"), "rounds.ssl"
    )
    *_, last = first.completed()
    assert (len(first.checked.diagnostics), len(last.checked.diagnostics) > 0) == (0, True)


def test_a_round_that_the_text_names_is_there_at_once() -> None:
    text = ROUNDS.format(start="previous", length="1ep") + "stage end { init e from next.7\n  loss = "
    text += "cross_entropy(h(e(all)), all.label)\n  run = 1ep\n}\n"
    first = Analysis.of(text.replace("stage end", "stage end after next"), "rounds.ssl")
    assert [d.message for d in first.checked.diagnostics] == []
