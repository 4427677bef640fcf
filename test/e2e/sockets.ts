import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The connections of a process tree to other machines, as seen now: "tcp 93.184.216.34:443". Linux only; empty elsewhere. */
export function foreignConnections(root: number): string[] {
  if (process.platform !== 'linux') return [];
  const own = new Set(processTree(root).flatMap(socketsOf));
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    rowsOf(table).flatMap(({ inode, remote }) => (own.has(inode) && !isLocal(remote) ? [`${table} ${remote}`] : [])),
  );
}

function processTree(root: number): number[] {
  const parents = readdirSync('/proc').flatMap((name) => {
    const found = /^\d+$/.test(name) ? /\) \S (\d+)/.exec(read(`/proc/${name}/stat`)) : null;
    return found ? [{ pid: Number(name), parent: Number(found[1]) }] : [];
  });
  const below = (parent: number): number[] => [
    parent,
    ...parents.filter((each) => each.parent === parent).flatMap(({ pid }) => below(pid)),
  ];
  return below(root);
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${String(pid)}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${String(pid)}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed meanwhile.
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** proc(5), /proc/net/tcp: the remote address is the third column, in hexadecimal; the inode the tenth. */
function rowsOf(table: string): { inode: string; remote: string }[] {
  return read(`/proc/net/${table}`)
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const columns = line.trim().split(/\s+/);
      const [address = '', port = ''] = columns[2]?.split(':') ?? [];
      return address === '' ? [] : [{ inode: columns[9] ?? '', remote: `${address}:${String(Number.parseInt(port, 16))}` }];
    });
}

/** No peer at all (listening, unconnected), or this machine: 127.0.0.0/8, ::1 and its IPv4 form, each in the processor's byte order. */
const isLocal = (remote: string): boolean => {
  const [address = ''] = remote.split(':');
  return (
    /^0+$/.test(address) ||
    /^[0-9A-F]{6}7F$/.test(address) ||
    address === '00000000000000000000000001000000' ||
    /^0{16}(FFFF0000)[0-9A-F]{6}7F$/.test(address)
  );
};

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
