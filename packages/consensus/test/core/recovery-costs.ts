/** Ticks and messages, as they are; whoever changes one should know why. */
export const costs = {
  zab: {
    "five start at once":
      "1 ticks: 163 notification, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 4 ping, 4 pong",
    "five empty disks start for the first time":
      "1 ticks: 180 notification, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 4 ping, 4 pong",
    "three start for the first time, one after the other":
      "0 ticks: 35 notification, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 10 ping, 10 pong",
    "three start one after the other":
      "0 ticks: 13 notification, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 10 ping, 10 pong",
    "a voter is not there":
      "1 ticks: 7 notification, 1 followerInfo, 1 leaderInfo, 1 ackEpoch, 1 diff, 1 newLeader, 1 ack, 1 upToDate, 1 ping, 1 pong",
    "one of two links is late":
      "17 ticks: 24 notification, 22 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 10 ping, 10 pong",
    "the link between a candidate and one who voted breaks and comes back at once":
      "20 ticks: 144 notification, 44 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 20 ping, 20 pong",
    "the first votes are lost":
      "7 ticks: 42 notification, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate",
    "nobody hears the highest one for a while, though it hears all":
      "0 ticks: 28 notification, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 6 ping, 6 pong",
    "the highest one hears nobody for a while, though all hear it":
      "32 ticks: 56 notification, 42 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 34 ping, 34 pong",
    "the leader crashes with requests under way":
      "1 ticks: 219 notification, 7 followerInfo, 7 leaderInfo, 7 ackEpoch, 7 diff, 7 newLeader, 12 ack, 7 upToDate, 43 ping, 43 pong, 15 proposal",
    "the leader crashes and is back at once":
      "1 ticks: 66 notification, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 6 ack, 4 upToDate, 24 ping, 24 pong, 2 proposal, 2 commit",
    "a follower crashes and is back at once":
      "1 ticks: 36 notification, 3 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 4 ack, 3 upToDate, 22 ping, 22 pong, 2 proposal, 1 commit",
    "a follower loses its link to the leader alone, and has it back":
      "1 ticks: 38 notification, 3 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 3 ack, 3 upToDate, 25 ping, 25 pong",
    "the leader loses all its links, and has them back when others lead":
      "1 ticks: 43 notification, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 37 ping, 37 pong",
    "everybody loses all links for a moment":
      "1 ticks: 60 notification, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 22 ping, 22 pong",
    "the leader falls silent to all":
      "1 ticks: 58 notification, 22 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 47 ping, 29 pong, 2 refuse",
    "the leader falls silent to one":
      "7 ticks: 48 notification, 3 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 3 ack, 3 upToDate, 53 ping, 44 pong, 1 refuse",
    "whoever knows less than the others comes back with a higher number":
      "1 ticks: 36 notification, 3 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 6 ack, 3 upToDate, 13 ping, 13 pong, 6 proposal, 3 commit",
    "one that has promised a later epoch comes back":
      "4 ticks: 35 notification, 7 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 3 ack, 3 upToDate, 10 ping, 10 pong, 1 refuse",
    "a disk is exchanged for an empty one":
      "1 ticks: 40 notification, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 6 ack, 4 upToDate, 24 ping, 24 pong, 3 proposal, 2 commit",
    "the leader's disk is exchanged for an empty one":
      "5 ticks: 59 notification, 5 followerInfo, 5 leaderInfo, 5 ackEpoch, 5 diff, 5 newLeader, 7 ack, 5 upToDate, 24 ping, 24 pong, 3 proposal, 2 commit",
    "two observers start before the voters":
      "1 ticks: 72 notification, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 4 ping, 4 pong",
    "an observer comes to an ensemble whose leader crashes then":
      "1 ticks: 57 notification, 5 followerInfo, 5 leaderInfo, 5 ackEpoch, 5 diff, 5 newLeader, 7 ack, 5 upToDate, 25 ping, 25 pong, 3 proposal, 2 commit",
    "an observer and a guest start with empty disks":
      "1 ticks: 84 notification, 5 followerInfo, 5 leaderInfo, 5 ackEpoch, 5 diff, 5 newLeader, 5 ack, 5 upToDate, 4 ping, 4 pong",
    "the leader is to be a voter no more":
      "0 ticks: 48 notification, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 8 ack, 4 upToDate, 22 ping, 22 pong, 4 proposal, 4 commit, 2 refuse",
    "two voters are exchanged for observers, and the leader crashes when that is under way":
      "1 ticks: 154 notification, 8 followerInfo, 8 leaderInfo, 8 ackEpoch, 8 diff, 8 newLeader, 13 ack, 8 upToDate, 74 ping, 74 pong, 6 proposal, 1 commit, 2 inform",
  },
  paxos: {
    "five start at once":
      "1 ticks: 120 heartbeat, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 4 ping, 4 pong",
    "five empty disks start for the first time":
      "1 ticks: 160 heartbeat, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 4 ping, 4 pong",
    "three start for the first time, one after the other":
      "0 ticks: 80 heartbeat, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 10 ping, 10 pong",
    "three start one after the other":
      "0 ticks: 52 heartbeat, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 10 ping, 10 pong",
    "a voter is not there":
      "1 ticks: 12 heartbeat, 1 followerInfo, 1 leaderInfo, 1 ackEpoch, 1 diff, 1 newLeader, 1 ack, 1 upToDate, 1 ping, 1 pong",
    "one of two links is late":
      "1 ticks: 46 heartbeat, 3 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 2 ping, 2 pong",
    "the link between a candidate and one who voted breaks and comes back at once":
      "1 ticks: 136 heartbeat, 7 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 1 refuse, 4 ping, 4 pong",
    "the first votes are lost":
      "3 ticks: 48 heartbeat, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate",
    "nobody hears the highest one for a while, though it hears all":
      "0 ticks: 48 heartbeat, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 4 ping, 4 pong",
    "the highest one hears nobody for a while, though all hear it":
      "4 ticks: 192 heartbeat, 2 followerInfo, 2 leaderInfo, 2 ackEpoch, 2 diff, 2 newLeader, 2 ack, 2 upToDate, 30 ping, 30 pong",
    "the leader crashes with requests under way":
      "1 ticks: 368 heartbeat, 7 followerInfo, 7 leaderInfo, 7 ackEpoch, 7 diff, 7 newLeader, 12 ack, 7 upToDate, 43 ping, 43 pong, 15 proposal",
    "the leader crashes and is back at once":
      "1 ticks: 124 heartbeat, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 6 ack, 4 upToDate, 24 ping, 24 pong, 2 proposal, 2 commit",
    "a follower crashes and is back at once":
      "1 ticks: 112 heartbeat, 3 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 4 ack, 3 upToDate, 22 ping, 22 pong, 2 proposal, 1 commit",
    "a follower loses its link to the leader alone, and has it back":
      "1 ticks: 126 heartbeat, 3 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 3 ack, 3 upToDate, 25 ping, 25 pong",
    "the leader loses all its links, and has them back when others lead":
      "1 ticks: 152 heartbeat, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 37 ping, 37 pong",
    "everybody loses all links for a moment":
      "1 ticks: 128 heartbeat, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 22 ping, 22 pong",
    "the leader falls silent to all":
      "3 ticks: 232 heartbeat, 44 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 38 ping, 20 pong, 2 refuse",
    "the leader falls silent to one":
      "3 ticks: 218 heartbeat, 23 followerInfo, 4 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 3 ack, 3 upToDate, 51 ping, 42 pong, 2 refuse",
    "whoever knows less than the others comes back with a higher number":
      "1 ticks: 68 heartbeat, 3 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 6 ack, 3 upToDate, 13 ping, 13 pong, 6 proposal, 3 commit",
    "one that has promised a later epoch comes back":
      "1 ticks: 64 heartbeat, 4 followerInfo, 3 leaderInfo, 3 ackEpoch, 3 diff, 3 newLeader, 3 ack, 3 upToDate, 11 ping, 11 pong, 1 refuse",
    "a disk is exchanged for an empty one":
      "1 ticks: 112 heartbeat, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 6 ack, 4 upToDate, 24 ping, 24 pong, 3 proposal, 2 commit",
    "the leader's disk is exchanged for an empty one":
      "1 ticks: 124 heartbeat, 5 followerInfo, 5 leaderInfo, 5 ackEpoch, 5 diff, 5 newLeader, 7 ack, 5 upToDate, 24 ping, 24 pong, 3 proposal, 2 commit",
    "two observers start before the voters":
      "1 ticks: 108 heartbeat, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 4 ack, 4 upToDate, 4 ping, 4 pong",
    "an observer comes to an ensemble whose leader crashes then":
      "1 ticks: 138 heartbeat, 5 followerInfo, 5 leaderInfo, 5 ackEpoch, 5 diff, 5 newLeader, 7 ack, 5 upToDate, 25 ping, 25 pong, 3 proposal, 2 commit",
    "an observer and a guest start with empty disks":
      "1 ticks: 136 heartbeat, 5 followerInfo, 5 leaderInfo, 5 ackEpoch, 5 diff, 5 newLeader, 5 ack, 5 upToDate, 4 ping, 4 pong",
    "the leader is to be a voter no more":
      "0 ticks: 120 heartbeat, 4 followerInfo, 4 leaderInfo, 4 ackEpoch, 4 diff, 4 newLeader, 8 ack, 4 upToDate, 22 ping, 22 pong, 4 proposal, 4 commit, 2 refuse",
    "two voters are exchanged for observers, and the leader crashes when that is under way":
      "1 ticks: 504 heartbeat, 8 followerInfo, 8 leaderInfo, 8 ackEpoch, 8 diff, 8 newLeader, 13 ack, 8 upToDate, 74 ping, 74 pong, 6 proposal, 2 inform, 1 commit",
  },
} as const;
