"""The passes in order: before a derivative is taken, and after that."""

from collections.abc import Callable

from srcdiff.ir.nodes import Function
from srcdiff.transform.absorb import absorb
from srcdiff.transform.accumulate import accumulate
from srcdiff.transform.adopt import adopt
from srcdiff.transform.assign_first import assign_first
from srcdiff.transform.borrow import borrow
from srcdiff.transform.broaden import broaden
from srcdiff.transform.bypass import bypass
from srcdiff.transform.check_first import check_first
from srcdiff.transform.combine import combine
from srcdiff.transform.count import count
from srcdiff.transform.dead_writes import dead_writes
from srcdiff.transform.detach import detach
from srcdiff.transform.dissolve import dissolve
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.expose import expose
from srcdiff.transform.factor import factor
from srcdiff.transform.flatten import flatten
from srcdiff.transform.forward import forward
from srcdiff.transform.fours import fours
from srcdiff.transform.fuse import fuse
from srcdiff.transform.hoist import hoist
from srcdiff.transform.interchange import interchange
from srcdiff.transform.jam import jam
from srcdiff.transform.join import join
from srcdiff.transform.lanes import lanes
from srcdiff.transform.lay import lay
from srcdiff.transform.lift import lift
from srcdiff.transform.mirror import mirror
from srcdiff.transform.multiply import multiply
from srcdiff.transform.narrow import narrow
from srcdiff.transform.one_pass import one_pass
from srcdiff.transform.own import own, own_rebound
from srcdiff.transform.postpone import postpone
from srcdiff.transform.precompute import precompute
from srcdiff.transform.prefetch import prefetch
from srcdiff.transform.promote import promote
from srcdiff.transform.pull import pull
from srcdiff.transform.reassociate import reassociate
from srcdiff.transform.rebind import rebind
from srcdiff.transform.reciprocal import reciprocal
from srcdiff.transform.relay import relay
from srcdiff.transform.release import release
from srcdiff.transform.restore import restore
from srcdiff.transform.scalarise import scalarise
from srcdiff.transform.settle import settle
from srcdiff.transform.simplify import simplify
from srcdiff.transform.sink import sink
from srcdiff.transform.split import split
from srcdiff.transform.swap import swap
from srcdiff.transform.terrace import terrace
from srcdiff.transform.tighten import tighten
from srcdiff.transform.trace import trace
from srcdiff.transform.turn import turn
from srcdiff.transform.uncopy import uncopy
from srcdiff.transform.unsigned import unsigned
from srcdiff.transform.upwards import upwards
from srcdiff.transform.vectorise import vectorise
from srcdiff.transform.weigh import weigh
from srcdiff.transform.widen import widen

Pass = Callable[[Function], Function]
PREPARE: tuple[Pass, ...] = (
    settle,
    simplify,
    eliminate,
    own,
    rebind,
    tighten,
    dissolve,
    multiply,
    lay,
    join,
    accumulate,
    absorb,
    sink,
    scalarise,
    precompute,
    lift,
    count,
)
PREPARE_TANGENT: tuple[Pass, ...] = (settle, simplify, eliminate, own_rebound, tighten)
FINISH: tuple[Pass, ...] = (
    release,
    simplify,
    eliminate,
    factor,
    trace,
    weigh,
    uncopy,
    adopt,
    one_pass,
    fuse,
    flatten,
    combine,
    simplify,
    forward,
    postpone,
    eliminate,
    dead_writes,
    eliminate,
    restore,
    bypass,
    check_first,
    mirror,
    interchange,
    turn,
    swap,
    borrow,
    detach,
    split,
    promote,
    reassociate,
    reciprocal,
    upwards,
    assign_first,
    pull,
    widen,
    lanes,
    vectorise,
    terrace,
    jam,
    relay,
    hoist,
    expose,
    broaden,
    narrow,
    unsigned,
    simplify,
    eliminate,
    prefetch,
    fours,
)
