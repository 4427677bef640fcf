import { corrupt } from './source';

/**
 * A pickle read as data. Classes and functions that it names are kept as names (Global), calls of them as records
 * (Inert): nothing is looked up, built or run. The opcodes are those of protocols 2 to 5 that torch.save writes
 * (CPython Lib/pickletools.py). Work and memory grow with the length of the pickle alone, which the caller bounds.
 */
export type PickleValue =
  null | boolean | number | bigint | string | Uint8Array | PickleValue[] | Map<PickleValue, PickleValue> | Global | Inert | Persistent;

export class Global {
  readonly path: string;
  constructor(module: string, name: string) {
    this.path = `${module}.${name}`;
  }
}

/** A call that was not made. `entries`: what would have been put into it as into a dict. */
export class Inert {
  readonly entries = new Map<PickleValue, PickleValue>();
  readonly callable: PickleValue;
  readonly args: PickleValue;
  constructor(callable: PickleValue, args: PickleValue) {
    this.callable = callable;
    this.args = args;
  }
}

export class Persistent {
  readonly id: PickleValue;
  constructor(id: PickleValue) {
    this.id = id;
  }
}

const MAX_OBJECTS = 4_000_000;
const MAX_NAME = 1024;
const MARK = Symbol('mark');

const DICTS = new Set(['collections.OrderedDict', 'collections.defaultdict', 'builtins.dict']);

export interface Pickle {
  readonly value: PickleValue;
  /** Everything that the pickle refers to outside itself: for torch, its storages. */
  readonly persistents: readonly Persistent[];
  /** Position behind its last byte. */
  readonly end: number;
}

/** The pickle that begins at `start`. `file` serves the sentence of the failure; throws a FailureError (`checkpoint-corrupt`). */
export function readPickle(bytes: Uint8Array, file: string, start = 0): Pickle {
  return new Machine(bytes, file, start).run();
}

class Machine {
  private at: number;
  private objects = 0;
  private readonly persistents: Persistent[] = [];
  private readonly stack: (PickleValue | typeof MARK)[] = [];
  private readonly memo = new Map<number, PickleValue>();
  private readonly view: DataView;
  private readonly bytes: Uint8Array;
  private readonly file: string;

  constructor(bytes: Uint8Array, file: string, start: number) {
    this.at = start;
    this.bytes = bytes;
    this.file = file;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  run(): Pickle {
    for (;;) {
      const opcode = this.uint8();
      if (opcode === 0x2e) return { value: this.pop(), persistents: this.persistents, end: this.at }; // STOP
      this.step(opcode);
      if (this.objects > MAX_OBJECTS) this.bad('it holds too many objects');
    }
  }

  private step(opcode: number): void {
    switch (opcode) {
      case 0x80: // PROTO
        if (this.uint8() > 5) this.bad('its pickle protocol is unknown');
        return;
      case 0x95: // FRAME
        this.take(8);
        return;
      case 0x28: // MARK
        this.push(MARK);
        return;
      case 0x30: // POP
        this.stack.pop();
        return;
      case 0x31: // POP_MARK
        this.popMark();
        return;
      case 0x32: // DUP
        this.push(this.top());
        return;
      case 0x4e: // NONE
        this.push(null);
        return;
      case 0x88: // NEWTRUE
        this.push(true);
        return;
      case 0x89: // NEWFALSE
        this.push(false);
        return;
      case 0x4b: // BININT1
        this.push(this.uint8());
        return;
      case 0x4d: // BININT2
        this.push(this.view.getUint16(this.take(2), true));
        return;
      case 0x4a: // BININT
        this.push(this.view.getInt32(this.take(4), true));
        return;
      case 0x8a: // LONG1
        this.push(this.long(this.uint8()));
        return;
      case 0x47: // BINFLOAT
        this.push(this.view.getFloat64(this.take(8), false));
        return;
      case 0x8c: // SHORT_BINUNICODE
        this.push(this.text(this.uint8()));
        return;
      case 0x58: // BINUNICODE
        this.push(this.text(this.uint32()));
        return;
      case 0x8d: // BINUNICODE8
        this.push(this.text(this.uint64()));
        return;
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
        this.push(this.blob(this.uint8()));
        return;
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        this.push(this.blob(this.uint32()));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        this.push(this.blob(this.uint64()));
        return;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
      case 0x8f: // EMPTY_SET
        this.push([]);
        return;
      case 0x7d: // EMPTY_DICT
        this.push(new Map());
        return;
      case 0x6c: // LIST
      case 0x74: // TUPLE
      case 0x91: // FROZENSET
        this.push(this.popMark());
        return;
      case 0x64: // DICT
        this.push(this.pairs(new Map(), this.popMark()));
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        this.push(this.popMany(opcode - 0x84));
        return;
      case 0x61: // APPEND
        this.append(this.popMany(1));
        return;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        this.append(this.popMark());
        return;
      case 0x73: // SETITEM
        this.set(this.popMany(2));
        return;
      case 0x75: // SETITEMS
        this.set(this.popMark());
        return;
      case 0x71: // BINPUT
        this.memo.set(this.uint8(), this.top());
        return;
      case 0x72: // LONG_BINPUT
        this.memo.set(this.uint32(), this.top());
        return;
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top());
        return;
      case 0x68: // BINGET
        this.push(this.recall(this.uint8()));
        return;
      case 0x6a: // LONG_BINGET
        this.push(this.recall(this.uint32()));
        return;
      case 0x63: // GLOBAL
        this.push(new Global(this.line(), this.line()));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this.popMany(2);
        if (typeof module !== 'string' || typeof name !== 'string') this.bad('a class has no name');
        this.push(new Global(module.slice(0, MAX_NAME), name.slice(0, MAX_NAME)));
        return;
      }
      case 0x51: {
        // BINPERSID
        const persistent = new Persistent(this.pop());
        this.persistents.push(persistent);
        this.push(persistent);
        return;
      }
      case 0x52: // REDUCE
      case 0x81: {
        // NEWOBJ
        const [callable = null, args = null] = this.popMany(2);
        this.push(callable instanceof Global && DICTS.has(callable.path) ? new Map() : new Inert(callable, args));
        return;
      }
      case 0x92: {
        // NEWOBJ_EX
        const [callable = null, args = null] = this.popMany(3);
        this.push(new Inert(callable, args));
        return;
      }
      case 0x62: // BUILD: the state of an object that was never made
        this.pop();
        return;
      default:
        this.bad(`unknown instruction 0x${opcode.toString(16)} at byte ${String(this.at - 1)} of its pickle`);
    }
  }

  private push(value: PickleValue | typeof MARK): void {
    this.objects++;
    this.stack.push(value);
  }

  private pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) this.bad('its pickle is damaged (nothing on the stack)');
    return value;
  }

  private top(): PickleValue {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  private popMany(count: number): PickleValue[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }

  private popMark(): PickleValue[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) this.bad('its pickle is damaged (no mark)');
    const values = this.stack.splice(mark).slice(1);
    return values as PickleValue[];
  }

  private append(values: PickleValue[]): void {
    const list = this.top();
    if (Array.isArray(list)) for (const value of values) list.push(value);
    else if (!(list instanceof Inert)) this.bad('its pickle is damaged (not a list)');
  }

  private set(values: PickleValue[]): void {
    const target = this.top();
    if (target instanceof Map) this.pairs(target, values);
    else if (target instanceof Inert) this.pairs(target.entries, values);
    else this.bad('its pickle is damaged (not a dictionary)');
  }

  private pairs(map: Map<PickleValue, PickleValue>, values: PickleValue[]): Map<PickleValue, PickleValue> {
    if (values.length % 2 !== 0) this.bad('its pickle is damaged (a key without a value)');
    for (let i = 0; i < values.length; i += 2) map.set(values[i] ?? null, values[i + 1] ?? null);
    return map;
  }

  private recall(index: number): PickleValue {
    const value = this.memo.get(index);
    if (value === undefined) this.bad(`its pickle is damaged (nothing in memo ${String(index)})`);
    return value;
  }

  private long(length: number): number | bigint {
    const start = this.take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[start + i] ?? 0);
    value = BigInt.asIntN(Math.max(1, length * 8), value);
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }

  private text(length: number): string {
    return new TextDecoder().decode(this.blob(length));
  }

  private blob(length: number): Uint8Array {
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0 || end - this.at > MAX_NAME) this.bad('its pickle is damaged (a name without an end)');
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  private uint8(): number {
    return this.view.getUint8(this.take(1));
  }

  private uint32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  private uint64(): number {
    return Number(this.view.getBigUint64(this.take(8), true));
  }

  /** Moves on by `length` bytes and returns where they start. */
  private take(length: number): number {
    const start = this.at;
    if (start + length > this.bytes.length) this.bad(`expected ${String(start + length - this.bytes.length)} more bytes in its pickle`);
    this.at += length;
    return start;
  }

  private bad(reason: string): never {
    return corrupt(this.file, reason);
  }
}
