import { type Lived, type Place, type Point, pointsAt } from '../simulator/run/crash-life';

/** A life with one mishap, or none, and what came of it. */
export interface Known {
  readonly point: Point | undefined;
  readonly lived: Lived;
}

/** A second mishap: the place of a known life at which it strikes. */
interface Second {
  readonly known: number;
  readonly place: number;
  readonly mishap: Point['mishap'];
}

/** A pair, and the life with two mishaps, one or none that is equal to it; itself, if it has to be lived. */
export interface Pair {
  readonly points: readonly Point[];
  readonly equal: readonly Point[];
}

/**
 * Finds the pairs of mishaps that make equal lives, of which one is enough. A world's future is a function of its state, and its state of what has had an
 * effect so far (`Effects`). From that follow two rules:
 *
 * - *The same place.* The lives after two first mishaps have equal effects from end to end, and from some place on, whatever is asked and answered is the same,
 *   and so is what the functions know that run just then. There a second mishap does the same to both. Each pair of lives is compared; nothing is assumed of mishaps.
 *   One of the lives may be the undisturbed one: then the pair is its second mishap alone.
 * - *The same death.* A function that dies at one call, or at its next one, has done the same when no effect, no time and nobody else comes between. A read
 *   whose answer is lost is such a death with an error of its own, if functions end at once wherever they lose it. A second start of an execution does nothing.
 *
 * What they rest on: effects are all of the state; and in which turn of the event loop something goes on, at the same virtual time, is no matter. What tells if they do not:
 * `assertAlike` compares all single mishaps that are equal by the second rule, `assertEnding` each function that lost a read in a pair, and `crashPoints` lives some of
 * the pairs that are left out and compares each with the one that stands for it.
 */
export class EqualPairs {
  /** The first life that came by a place. */
  private readonly owners = new Map<string, { readonly known: number; readonly place: number }>();
  private readonly lostReads: ReadonlyMap<string, string | undefined>;
  /** For each life, the first mishap of each kind of death. */
  private readonly firsts: readonly ReadonlyMap<string, Second>[];

  /** @param lives of one kind: the undisturbed one first, then one for each mishap at each of its places */
  constructor(
    readonly name: string,
    private readonly lives: readonly Known[],
  ) {
    this.lostReads = endingsOf(lives);
    lives.forEach(({ lived }, known) => {
      for (let place = fromOf(lives[known]); place < lived.places.length; place++) {
        const key = this.keyAt(known, place);
        if (!this.owners.has(key)) this.owners.set(key, { known, place });
      }
    });
    this.firsts = lives.map((_, known) => {
      const firsts = new Map<string, Second>();
      for (const second of this.seconds(known)) {
        const kind = this.kindOf(second);
        if (!firsts.has(kind)) firsts.set(kind, second);
      }
      return firsts;
    });
  }

  /** Different lives among those with one mishap, and the undisturbed one. */
  get classes(): number {
    return new Set(this.lives.map(({ lived }) => effectsOf(lived))).size;
  }

  /** Every mishap after every other one, with what it is equal to. */
  *pairs(): Generator<Pair> {
    for (let known = 1; known < this.lives.length; known++) {
      for (const second of this.seconds(known)) yield { points: this.pointsOf(second), equal: this.equalOf(second) };
    }
  }

  /** Compares the single mishaps that are equal by the rule of the same death. @throws {Error} when two are not */
  assertAlike(): void {
    const lifeOf = new Map(this.lives.map((known) => [nameOf(known.point), known]));
    for (const second of this.seconds(0)) {
      const [point, equal] = [this.pointsOf(second)[0], this.equalOf(second)[0]];
      const [one, other] = [lifeOf.get(nameOf(point)), lifeOf.get(nameOf(equal))];
      const difference = one === undefined || other === undefined ? 'was not lived' : differenceOf(one.lived, other.lived);
      if (difference !== undefined) throw new Error(`${this.name}: ${nameOf(point)} and ${nameOf(equal)} should make equal lives, but ${difference}. A rule of EqualPairs is wrong, or Effects leaves something out.`);
    }
  }

  /** Compares how a function ended that lost the answer to a read with how all others did. @throws {Error} when that is not the same */
  assertEnding({ places, endings }: Lived, points: readonly Point[]): void {
    const struck = points.map((point) => places.find((candidate) => candidate.at === point.at && candidate.index === point.index));
    points.forEach((point, index) => {
      const place = struck[index];
      if (point.mishap !== 'answer-lost' || place?.at !== 'call' || place.isChange) return;
      // Of two mishaps in one invocation, as at calls that it makes at once, the other one may have ended it.
      if (struck.some((other) => other !== place && other?.at === 'call' && other.invocation === place.invocation)) return;
      const expected = this.lostReads.get(place.name);
      if (expected !== undefined && endings[index] !== expected) throw new Error(`${this.name}: whoever lost the answer to ${place.name} ended at once with ${expected}; after ${points.map(nameOf).join(', ')} it ${endings[index] === undefined ? 'went on' : `ended with ${endings[index]}`}. The rule of the same death is wrong for this call.`);
    });
  }

  private pointsOf({ known, place, mishap }: Second): readonly Point[] {
    const { point, lived } = this.at(known);
    const struck = lived.places[place];
    if (struck === undefined) throw new Error(`${this.name}: there is no place ${place}`);
    const second = { at: struck.at, index: struck.index, mishap } as Point;
    return point === undefined ? [second] : [point, second];
  }

  private equalOf(second: Second): readonly Point[] {
    const kind = this.kindOf(second);
    if (kind === NOTHING) return point(this.at(second.known).point);
    const first = this.firsts[second.known]?.get(kind) ?? second;
    const owner = this.owners.get(this.keyAt(first.known, first.place));
    if (owner === undefined || owner.known === first.known) return this.pointsOf(first);
    return this.equalOf({ ...owner, mishap: first.mishap });
  }

  private *seconds(known: number): Generator<Second> {
    const { places } = this.at(known).lived;
    for (let place = fromOf(this.lives[known]); place < places.length; place++) {
      for (const { mishap } of pointsAt(places[place] as Place)) yield { known, place, mishap };
    }
  }

  /** Two mishaps of one kind in one life are the same. */
  private kindOf({ known, place, mishap }: Second): string {
    const { places } = this.at(known).lived;
    const struck = places[place];
    if (mishap === 'started-twice') return NOTHING;
    if (mishap === 'crash-before') return `dies before ${deathAt(places, place)}`;
    // What KMS was asked to change counts when it was answered.
    if (mishap === 'crash-after' && follows(places, place) && !isOfKms(struck) && places[place + 1]?.turn !== struck?.turn) return `dies before ${deathAt(places, place + 1)}`;
    const ending = mishap === 'answer-lost' && struck?.at === 'call' && !struck.isChange ? this.lostReads.get(struck.name) : undefined;
    if (ending !== undefined && isSameDeath(places, place)) return `ends with ${ending} before ${deathAt(places, place)}`;
    return `${mishap} at ${place}`;
  }

  private keyAt(known: number, place: number): string {
    const { lived } = this.at(known);
    return `${effectsOf(lived)} ${lived.digests?.fromPlace[place] ?? ''}`;
  }

  private at(known: number): Known {
    const life = this.lives[known];
    if (life === undefined) throw new Error(`${this.name}: there is no life ${known}`);
    return life;
  }
}

const NOTHING = 'nothing';

/** What two lives differ in; `undefined` when nothing does. */
export function differenceOf(one: Lived, other: Lived): string | undefined {
  if (effectsOf(one) !== effectsOf(other)) return 'their effects differ';
  return one.findings.join() === other.findings.join() ? undefined : `what is wrong at their end differs: ${one.findings.join('; ') || 'nothing'}, and ${other.findings.join('; ') || 'nothing'}`;
}

function effectsOf({ digests }: Lived): string {
  if (digests === undefined) throw new Error('A life was to be compared, and has no digests');
  return digests.effects;
}

/** Where the mishap of a life is over: its next place. */
function fromOf(known: Known | undefined): number {
  if (known?.point === undefined) return 0;
  const { at, index } = known.point;
  return 1 + known.lived.places.findIndex((place) => place.at === at && place.index === index);
}

/** How functions end that lose the answer to a read, by its name: `undefined` unless all end at once and alike. */
function endingsOf(lives: readonly Known[]): ReadonlyMap<string, string | undefined> {
  const endings = new Map<string, string | undefined>();
  for (const { point: struck, lived } of lives) {
    if (struck?.mishap !== 'answer-lost') continue;
    const place = lived.places[fromOf({ point: struck, lived }) - 1];
    if (place?.at !== 'call' || place.isChange) continue;
    const [ending] = lived.endings;
    endings.set(place.name, endings.has(place.name) && endings.get(place.name) !== ending ? undefined : ending);
  }
  return endings;
}

/** The last of the calls at which a function may die that has done the same. */
function deathAt(places: readonly Place[], place: number): number {
  let last = place;
  while (isSameDeath(places, last)) last++;
  return last;
}

/** Whether a death at a call is one at the next. Of calls that a function makes at once, a change goes its way when the function dies at another. */
function isSameDeath(places: readonly Place[], place: number): boolean {
  const [one, next] = [places[place], places[place + 1]];
  return follows(places, place) && one?.effects === next?.effects && !(next?.at === 'call' && next.isChange && next.turn === one?.turn);
}

/** Whether the next place is the same function's next call, at the same time. */
function follows(places: readonly Place[], place: number): boolean {
  const [one, next] = [places[place], places[place + 1]];
  return one?.at === 'call' && next?.at === 'call' && one.invocation === next.invocation && one.atMs === next.atMs;
}

function isOfKms(place: Place | undefined): boolean {
  return place?.at === 'call' && place.name.includes(': kms ');
}

function point(first: Point | undefined): readonly Point[] {
  return first === undefined ? [] : [first];
}

function nameOf(struck: Point | undefined): string {
  return struck === undefined ? 'no mishap' : `${struck.mishap} at ${struck.at} ${struck.index}`;
}
