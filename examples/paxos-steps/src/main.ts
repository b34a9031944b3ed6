// Single-decree Paxos in the three steps of the lesson: elect a leader, propose, confirm.
import { createDecree, type DecreeTrace, formatBallot } from "@tutti/consensus";

function explain(event: DecreeTrace<string>): string {
  const at = `ballot ${formatBallot(event.ballot)}`;
  switch (event.kind) {
    case "promise": {
      const reported = event.accepted === undefined ? "has accepted nothing" : `has accepted "${event.accepted}"`;
      return `  ${event.from} promises ${at} to ${event.proposer}, and ${reported}`;
    }
    case "accepted":
      return `  ${event.from} accepts "${event.value}" at ${at}`;
    case "nack":
      return `  ${event.from} refuses ${at}: it promised ${formatBallot(event.promised)}`;
    case "learned":
      return `  ${event.proposer} learns: "${event.value}" is chosen, a quorum accepted it at ${at}`;
  }
}

const decree = createDecree<string>({ members: [1, 2, 3], onEvent: (event) => console.log(explain(event)) });

console.log("1 asks to lead, while 3 is away");
decree.cut(3);
const first = decree.proposer(1);
first.electLeader();
console.log("2 asks to lead as well, with a higher ballot");
const second = decree.proposer(2);
second.electLeader();
console.log('1 proposes "tea", too late');
first.propose("tea");
console.log(`  confirmed: ${first.confirm() ?? "nothing yet"}`);
console.log('2 proposes "coffee"');
second.propose("coffee");
console.log(`  confirmed: ${second.confirm() ?? "nothing yet"}`);
console.log("3 comes back, 2 goes away, and 3 wants water");
decree.mend(3);
decree.cut(2);
const third = decree.proposer(3);
const elected = third.electLeader();
console.log(`  elected, and must propose ${elected?.adopted ?? "what it likes"}`);
third.propose("water");
console.log(`  confirmed: ${third.confirm() ?? "nothing yet"}`);
