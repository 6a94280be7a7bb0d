import { expect, test } from "vitest";
import { listeningPorts, localAddresses } from "./network-facts.ts";

const FACTS = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.98.0.0/16 2 0 2
        |-- 10.98.0.0
           /16 link UNICAST
        |-- 10.98.0.7
           /32 host LOCAL
        |-- 10.98.255.255
           /32 link BROADCAST
     +-- 127.0.0.0/8 2 0 2
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
fd000000000000000000000000000007 02 40 00 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:3AAC 00000000:0000 0A 00000000:00000000 00:00000000 00000000 15000        0 41 1 0000000000000000 100 0 0 10 0
   1: 0700620A:3AAD 0100620A:D431 01 00000000:00000000 00:00000000 00000000 15000        0 42 1 0000000000000000 20 4 30 10 -1
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000  1000
`;

test("the addresses that are a namespace's own are found, and neither networks nor broadcasts", () => {
  expect([...localAddresses(FACTS)].sort()).toEqual(["10.98.0.7", "127.0.0.1", "::1", "fd00::7"]);
});

test("the ports that somebody listens on are found, and not those of connections", () => {
  expect([...listeningPorts(FACTS)]).toEqual([15_020, 8080]);
});
