"""Is a build up to date? Three facts decide: its inputs, its image in the registry, its tags.

Every answer but yes comes with its reasons.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeGuard

from envdplan.core.plan.changes import Action, Change, Work
from envdplan.core.plan.inputs import (
    about_input,
    attribute_inputs,
    entries_digest,
    explain,
    inputs_digest,
    offers_otherwise,
    sensitive_inputs,
    source_attributes,
    unknown_inputs,
)
from envdplan.core.plan.names import all_names, are_known, pushed_names
from envdplan.core.plan.reasons import Code, Reason, Turn
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import (
    BuildFacts,
    Cause,
    ImageFact,
    ImageFound,
    ImageMissing,
    ImageUnclear,
    Input,
    Strayed,
)
from envdplan.core.state.recorded import Record
from envdplan.ground.attributes import Computed
from envdplan.ground.imagenames import image_identity, repository_of
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import UNKNOWN, Attributes

_FEW = 3
SHOWN = 10
"""So many reasons of one kind are shown before "and N more"."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One build with all that is known about it."""

    type: ResourceType
    resource: Resource
    attributes: Attributes
    record: Record | None
    facts: BuildFacts
    inputs: tuple[Input, ...] | None
    digest: str | None
    """The inputs' digest of now; None while it cannot be known."""
    rotated: tuple[str, ...] = ()
    """Names of sensitive inputs that are known to have other values than the recorded image."""
    unsealed: tuple[str, ...] = ()
    """Names of sensitive inputs of which the state keeps nothing yet."""

    @property
    def stale(self) -> frozenset[str]:
        """Digests of what was made from the same inputs but for sensitive values of before."""
        recorded = self.record.attributes if self.record and self.rotated else {}
        names = (recorded.get(name) for name in ("digest", "image_id"))
        return frozenset(one for one in names if isinstance(one, str))

    @property
    def recorded_digest(self) -> str | None:
        value = self.record.attributes.get("digest") if self.record else None
        return value if isinstance(value, str) else None

    @property
    def same_inputs(self) -> bool:
        return (
            self.record is not None
            and self.digest is not None
            and self.record.attributes.get("inputs_digest") == self.digest
        )

    @property
    def up_to_date(self) -> bool:
        """Whether what is recorded was made from the very inputs of now, as far as is known."""
        return self.same_inputs and not self.rotated


def decide(
    type: ResourceType,
    resource: Resource,
    attributes: Attributes,
    record: Record | None,
    facts: BuildFacts,
    *,
    forced: Reason | None = None,
) -> Change:
    """The change of one build; `forced` says why it has to run though nothing changed."""
    own = None if _moved_source(type, attributes, facts) else attribute_inputs(type, attributes)
    inputs = None if own is None or facts.files is None else (*own, *facts.files)
    digest = None
    if own is not None and facts.files is not None:
        digest = inputs_digest(own, facts.files_digest or entries_digest(facts.files))
    sensitive = _sensitive(type, attributes, record)
    case = _Case(type, resource, attributes, record, facts, inputs, digest, *sensitive)
    reasons = (forced,) if forced and record else _why_build(case)
    unsure = not forced and (not reasons or _perhaps_there(case))
    if unsure and (unclear := tuple(_unclear(case))):
        return _deferred(case, unclear)
    return _build(case, reasons, forced=forced is not None) if reasons else _settled(case)


def _sensitive(
    type: ResourceType, attributes: Attributes, record: Record | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of sensitive inputs with other values than before, and of those not yet kept."""
    values = sensitive_inputs(type, attributes)
    seal = record.seal if record is not None else None
    if seal is None:
        return (), tuple(values)
    return seal.others(values), tuple(name for name in values if name not in seal.digests)


def _moved_source(type: ResourceType, attributes: Attributes, facts: BuildFacts) -> tuple[str, ...]:
    """Names of what says otherwise where the source is than when it was read."""
    now, then = source_attributes(type, attributes), facts.source
    later = (name for name in now if then and name not in then)  # contexts not known at that time
    return tuple(name for name in (*then, *later) if now.get(name) != then.get(name))


def _why_build(case: _Case) -> tuple[Reason, ...]:
    """Why the build has to run; empty when an image with these inputs exists."""
    if case.facts.problem is not None:
        return (Reason(Code.SOURCE_UNREADABLE, detail=case.facts.problem),)
    if case.digest is None:
        return tuple(_why_unknown(case))[:SHOWN]
    if not are_known(case.attributes):
        return (Reason(Code.TAGS_UNKNOWN),)
    return _why_inputs(case) if _image(case) is None else _why_outputs(case)


def _why_unknown(case: _Case) -> Iterator[Reason]:
    unknown = unknown_inputs(case.type, case.attributes)
    source = _moved_source(case.type, case.attributes, case.facts)
    moved = [name for name in source if name not in unknown]
    yield from (_about(case, Code.INPUT_UNKNOWN, name) for name in unknown)
    yield from (_about(case, Code.INPUT_FOLLOWS, name) for name in moved)
    if not unknown and not moved:
        yield Reason(Code.SOURCE_UNKNOWN)


def _about(case: _Case, code: Code, name: str, change: Turn | None = None) -> Reason:
    return about_input(case.type, code, case.attributes, name, change)


def _why_inputs(case: _Case) -> tuple[Reason, ...]:
    rotated = tuple(_why_rotated(case))
    if rotated and (case.same_inputs or case.facts.previous is not None):
        listed = () if case.same_inputs else explain(case.facts.previous or (), case.inputs or ())
        return _shortened((*rotated, *listed))
    if case.same_inputs:
        lost = Reason(Code.IMAGE_LOST, "image", before=case.recorded_digest)
        return tuple(_damaged(case)) or (lost,)
    if case.record is None and (damaged := tuple(_damaged(case))):
        return damaged
    if case.record is None:
        return (Reason(Code.NEVER_BUILT),) if not _foreign_tags(case) else _why_foreign(case)
    if case.facts.previous is None:
        return (Reason(Code.INPUTS_UNLISTED),)
    return _shortened(explain(case.facts.previous, case.inputs or ()))


def _why_rotated(case: _Case) -> Iterator[Reason]:
    for name in case.rotated:
        yield _about(case, Code.SENSITIVE_CHANGED, name, Turn.CHANGED)


def _damaged(case: _Case) -> Iterator[Reason]:
    """Images of which a registry lost parts: their indexes name what is not there."""
    for ref, fact in {**case.facts.tags, **case.facts.found}.items():
        if isinstance(fact, ImageMissing) and fact.lost:
            yield Reason(Code.IMAGE_DAMAGED, "image", ref, before=fact.lost)


def _perhaps_there(case: _Case) -> bool:
    """Whether an image of the inputs of now may exist though none was found."""
    askable = case.digest is not None and case.facts.problem is None and not case.rotated
    return askable and _image(case) is None


def _unclear(case: _Case) -> Iterator[tuple[str, ImageUnclear]]:
    """Images of which neither their registry (or engine) nor the record tells anything."""
    recorded = {*map(image_identity, _recorded_pushes(case))}
    names = {**case.facts.tags, **({} if case.same_inputs else case.facts.loaded)}
    if _image(case) is None:
        names = {**case.facts.found, **names}
    for ref, fact in names.items():
        if isinstance(fact, ImageUnclear) and image_identity(ref) not in recorded:
            yield ref, fact


def _kept_names(case: _Case) -> tuple[tuple[str, Cause], ...]:
    """What could not be found out, and what is recorded was believed instead."""
    facts = {**case.facts.tags, **case.facts.loaded}
    return tuple((ref, one.cause) for ref, one in facts.items() if isinstance(one, ImageUnclear))


def _recorded_pushes(case: _Case) -> tuple[str, ...]:
    """The tags that an image with the inputs of now was pushed to."""
    attributes: Attributes = case.record.attributes if case.record and case.same_inputs else {}
    return pushed_names(attributes)


def _foreign_tags(case: _Case) -> list[str]:
    return [ref for ref, fact in case.facts.tags.items() if isinstance(fact, ImageFound)]


def _why_foreign(case: _Case) -> tuple[Reason, ...]:
    return (Reason(Code.IMAGE_FOREIGN, "image", ", ".join(_foreign_tags(case))),)


def _shortened(found: tuple[Reason, ...]) -> tuple[Reason, ...]:
    if len(found) <= SHOWN:
        return found or (Reason(Code.INPUTS_CHANGED),)
    return (*found[:SHOWN], Reason(Code.MORE, after=len(found) - SHOWN))


def _why_outputs(case: _Case) -> tuple[Reason, ...]:
    """Local results and loaded images that are missing or were changed by others."""
    return (*_lost_outputs(case), *_lost_loads(case))


def _lost_outputs(case: _Case) -> Iterator[Reason]:
    attributes: Attributes = case.record.attributes if case.record else {}
    recorded = attributes.get("outputs") or {}
    for path, digest in case.facts.outputs.items():
        if digest is None:
            yield _output(path, gone=True)
        elif case.record is None:
            yield Reason(Code.OUTPUT_UNKNOWN, "output", path)
        elif not case.up_to_date or recorded.get(path) != digest:
            yield from _strayed(path, case.facts.strayed.get(path, ()))


def _strayed(path: str, strayed: tuple[Strayed, ...]) -> Iterator[Reason]:
    """What of a folder is not as it was made; the whole where nobody knows what it held."""
    yield from (_output(f"{path}/{one.name}", gone=one.gone) for one in strayed[:_FEW])
    if not strayed:
        yield _output(path, gone=False)
    elif len(strayed) > _FEW:
        yield Reason(Code.MORE, "output", path, after=len(strayed) - _FEW)


def _output(path: str, *, gone: bool) -> Reason:
    if gone:
        return Reason(Code.OUTPUT_MISSING, "output", path, Turn.REMOVED)
    return Reason(Code.OUTPUT_CHANGED, "output", path, Turn.CHANGED)


def _lost_loads(case: _Case) -> Iterator[Reason]:
    image_id = case.record.attributes.get("image_id") if case.record else None
    for ref, fact in case.facts.loaded.items():
        match fact:
            case ImageMissing():
                yield Reason(Code.NOT_LOADED, "image", ref)
            case ImageFound(digest=found, inputs_digest=inputs):
                if inputs != case.digest and found != image_id:
                    yield Reason(Code.LOADED_OTHER, "image", ref, before=found)
            case ImageUnclear():
                pass


def _image(case: _Case) -> str | None:
    """An image with the inputs of now as REPOSITORY@DIGEST, or "" where only local results count.

    None when there is none.
    """
    if not case.facts.tags:
        return _local_image(case)
    return next(_pushed_images(case), None)


def _pushed_images(case: _Case) -> Iterator[str]:
    first = next(iter(case.facts.tags))
    if case.up_to_date and case.recorded_digest and _kept(case.facts.recorded):
        yield f"{repository_of(first)}@{case.recorded_digest}"
    for ref, fact in case.facts.tags.items():
        if _is_right(fact, case) and fact.inputs_digest == case.digest:
            yield f"{repository_of(ref)}@{fact.digest}"
    for repository, fact in case.facts.found.items():
        if _is_right(fact, case):
            yield f"{repository}@{fact.digest}"


def _is_right(fact: ImageFact, case: _Case) -> TypeGuard[ImageFound]:
    """Whether it is not known to be made from sensitive values of before."""
    return isinstance(fact, ImageFound) and fact.digest not in case.stale


def _local_image(case: _Case) -> str | None:
    if case.up_to_date:
        return ""
    loaded = case.facts.loaded.values()
    same = all(_is_right(one, case) and one.inputs_digest == case.digest for one in loaded)
    return "" if loaded and same and not case.facts.outputs else None


def _kept(fact: ImageFact | None) -> bool:
    """Only a definite "not found" means gone; without an answer the record stands."""
    return not isinstance(fact, ImageMissing)


def _lacks_only_push(case: _Case) -> bool:
    """Whether the engine has the image, all else is there, and no registry has it."""
    made = case.facts.pushable is not None and case.up_to_date
    return made and _image(case) is None and not _why_outputs(case)


def _build(case: _Case, reasons: tuple[Reason, ...], *, forced: bool) -> Change:
    pushes = (Work.PUSH,) if case.facts.tags else ()
    only_push = bool(pushes) and not forced and _lacks_only_push(case)
    found = case.type.all_names(lambda one: one.computed is Computed.FOUND)
    after = {**case.attributes, **dict.fromkeys(found, UNKNOWN)}
    after["inputs_digest"] = case.digest if case.digest is not None else UNKNOWN
    anew = offers_otherwise(case.facts.previous, case.inputs)
    return Change(
        address=case.resource.address,
        type=case.resource.type,
        action=Action.UPDATE if case.record else Action.CREATE,
        before=case.record.attributes if case.record else None,
        after=after,
        reasons=(*reasons, Reason(Code.STEPS_ANEW)) if anew else reasons,
        depends_on=case.resource.depends_on,
        work=pushes if only_push else (Work.BUILD, *pushes),
        inputs=case.inputs,
        anew=anew,
    )


def _deferred(case: _Case, unclear: tuple[tuple[str, ImageUnclear], ...]) -> Change:
    results = {k: UNKNOWN if v is None else v for k, v in _results(case, "").items()}
    return Change(
        address=case.resource.address,
        type=case.resource.type,
        action=Action.DEFER,
        before=case.record.attributes if case.record else None,
        after={**case.attributes, **results},
        reasons=tuple(
            Reason(Code.IMAGE_UNCLEAR, "image", ref, detail=one.reason) for ref, one in unclear
        ),
        cause=unclear[0][1].cause,
        depends_on=case.resource.depends_on,
    )


def _settled(case: _Case) -> Change:
    """Leave an image with these inputs as it is, but set the tags that should point to it."""
    image = _image(case) or ""
    reasons = dict(_tags_to_set(case, image.rpartition("@")[2]))
    return Change(
        address=case.resource.address,
        type=case.resource.type,
        action=Action.UPDATE if reasons else _quiet_action(case, image),
        before=case.record.attributes if case.record else None,
        after={**case.attributes, **_results(case, image)},
        reasons=tuple(reasons.values()) or tuple(_why_kept(case)),
        depends_on=case.resource.depends_on,
        work=(Work.RETAG,) if reasons else (),
        inputs=case.inputs,
        source=image or None,
        tags=tuple(reasons),
        kept=_kept_names(case),
    )


def _why_kept(case: _Case) -> Iterator[Reason]:
    if case.unsealed:
        yield Reason(Code.SENSITIVE_UNKNOWN, "input", ", ".join(case.unsealed))


def _quiet_action(case: _Case, image: str) -> Action:
    """Nothing to do, or nothing but to write down what another machine did."""
    recorded: Attributes = case.record.attributes if case.record else {}
    same_image = not image or recorded.get("digest") == image.rpartition("@")[2]
    same_tags = all_names(recorded) == all_names(case.attributes)
    sealed = not case.rotated and not case.unsealed
    same = case.same_inputs and same_image and same_tags and sealed
    return Action.NOOP if same else Action.ADOPT


def _tags_to_set(case: _Case, image: str) -> Iterator[tuple[str, Reason]]:
    """Tag and reason for each tag that does not point to `image`. Unclear ones are kept."""
    former = all_names(case.record.attributes) if case.record else ()
    recorded = {*map(image_identity, former)}
    for ref, fact in case.facts.tags.items():
        match fact:
            case ImageMissing() if fact.lost:
                yield ref, Reason(Code.TAG_DAMAGED, "image", ref, None, fact.lost, image)
            case ImageMissing():
                yield ref, Reason(Code.TAG_MISSING, "image", ref, Turn.ADDED, None, image)
            case ImageFound(digest=found) if found != image:
                moved = image_identity(ref) in recorded and case.same_inputs
                code = Code.TAG_MOVED if moved else Code.TAG_ELSEWHERE
                yield ref, Reason(code, "image", ref, Turn.CHANGED, found, image)
            case _:
                pass


def _results(case: _Case, image: str) -> Attributes:
    """Computed attributes, known without building."""
    recorded: Attributes = case.record.attributes if case.record and case.up_to_date else {}
    return {
        "digest": image.rpartition("@")[2] or recorded.get("digest"),
        "inputs_digest": case.digest,
        "image": image or recorded.get("image"),
        "image_id": recorded.get("image_id") or next(_loaded_ids(case), None),
        "metadata": recorded.get("metadata"),
        "outputs": recorded.get("outputs") or {},
    }


def _loaded_ids(case: _Case) -> Iterator[str]:
    for fact in case.facts.loaded.values():
        if isinstance(fact, ImageFound) and fact.inputs_digest == case.digest:
            yield fact.digest
