/** Shell completion: a script for the shell, made from the commands themselves. */
import { Argument, Command } from "commander";

const SHELLS = ["bash", "zsh", "fish"] as const;

export function completionCommand(program: Command): Command {
  return new Command("completion")
    .description("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(trilith completion bash)\n  trilith completion fish > ~/.config/fish/completions/trilith.fish\n",
    )
    .action((shell: (typeof SHELLS)[number]) => {
      process.stdout.write(SCRIPTS[shell](wordsOf(program)));
    });
}

/** What may follow each command, by its name: commands of its own, and options. */
type Words = ReadonlyMap<string, readonly string[]>;

function wordsOf(program: Command): Words {
  return new Map(
    program.commands.map((command) => [
      command.name(),
      [
        ...command.commands.map((below) => below.name()),
        ...new Set([command, ...command.commands].flatMap(({ options }) => options.flatMap(({ long }) => long ?? []))),
        "--help",
      ],
    ]),
  );
}

const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], (words: Words) => string>> = {
  bash: (words) => `_trilith() {
  local current=\${COMP_WORDS[COMP_CWORD]} words
  case "\${COMP_WORDS[1]}" in
${[...words].map(([name, options]) => `    ${name}) words="${options.join(" ")}" ;;`).join("\n")}
    *) words="${[...words.keys()].join(" ")}" ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${[...words.keys()].join(" ")}"; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ "$COMP_CWORD" -gt 1 ] && [ "\${current#-}" = "$current" ]; then COMPREPLY+=($(compgen -f -- "$current")); fi
}
complete -F _trilith trilith
`,
  zsh: (words) => `#compdef trilith
_trilith() {
  if (( CURRENT == 2 )); then compadd ${[...words.keys()].join(" ")}; return; fi
  case "\${words[2]}" in
${[...words].map(([name, options]) => `    ${name}) compadd -- ${options.join(" ")} ;;`).join("\n")}
  esac
  _files
}
compdef _trilith trilith
`,
  fish: (words) =>
    [
      `complete -c trilith -n __fish_use_subcommand -f -a "${[...words.keys()].join(" ")}"`,
      ...[...words].flatMap(([name, options]) =>
        options.map((word) => {
          const said = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${word}`;
          return `complete -c trilith -n "__fish_seen_subcommand_from ${name}" ${said}`;
        }),
      ),
      "",
    ].join("\n"),
};
