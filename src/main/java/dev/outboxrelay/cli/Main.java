// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.threads.Errors;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.security.Security;
import java.util.Map;
import java.util.Optional;
import java.util.logging.LogManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** {@code java -jar outbox-relay.jar COMMAND}. */
@Command(
    name = "outbox-relay",
    versionProvider = Version.class,
    description = {
      "Delivers changes in PostgreSQL tables over TCP.",
      "Settings have environment variables, shown by 'outbox-relay COMMAND --help'."
    },
    subcommands = {
      RunCommand.class,
      MigrateCommand.class,
      StatusCommand.class,
      ExplainCommand.class,
      FailedCommand.class,
      RequeueCommand.class,
      DiscardCommand.class,
      PauseCommand.class,
      ResumeCommand.class,
      HoldKeyCommand.class,
      ReleaseKeyCommand.class,
      StopCapturingCommand.class,
      StartCapturingCommand.class,
      ShedCommand.class,
      EraseCommand.class,
      DestinationsCommand.class,
      CapturesCommand.class,
      ApplyCommand.class,
      TailCommand.class,
      BackfillCommand.class,
      ReplayCommand.class,
      DoctorCommand.class,
      ReceiveCommand.class,
      CheckReceiverCommand.class,
      DemoCommand.class,
      BenchCommand.class,
      VersionCommand.class,
      CompletionCommand.class
    })
public final class Main implements Runnable {
  private static final int HELP_WIDTH = 100;

  @CommandLine.Option(names = "--help", usageHelp = true, description = "Shows this.")
  boolean help;

  @CommandLine.Option(names = "--version", versionHelp = true, description = "Shows the version.")
  boolean version;

  @Spec CommandSpec spec = CommandSpec.create();

  public static void main(String[] args) {
    RuntimeDefaults.set();
    StandardError.install();
    ProcessEnd.install();
    // The driver logs by java.util.logging, on its own account and with URLs; it throws the same
    // besides.
    LogManager.getLogManager().reset();
    // Names are looked up again on each connect; Java would remember them for half a minute.
    if (Security.getProperty("networkaddress.cache.ttl") == null) {
      Security.setProperty("networkaddress.cache.ttl", "1");
    }
    int exitCode = ExitCode.INTERNAL;
    try {
      exitCode =
          run(
              args,
              System.getenv(),
              new PrintWriter(System.out, true, StandardCharsets.UTF_8),
              new PrintWriter(System.err, true, StandardCharsets.UTF_8));
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LoggerFactory.getLogger(Main.class).error("unexpected: this is a bug, please report it", e);
    }
    StandardError.settle();
    System.exit(exitCode);
  }

  /**
   * Runs one command.
   *
   * @param args the command line
   * @param variables the environment
   * @param out standard output
   * @param err standard error
   * @return the exit code
   */
  static int run(String[] args, Map<String, String> variables, PrintWriter out, PrintWriter err) {
    Optional<String> illegible = Illegible.find(args, variables);
    if (illegible.isPresent()) {
      err.println("outbox-relay: " + illegible.get());
      err.flush();
      return ExitCode.USAGE;
    }
    FileSettings file;
    try {
      file = ConfigFile.of(args, variables, names());
    } catch (UserError e) {
      err.println("outbox-relay: " + e.getMessage());
      err.flush();
      return e.exitCode();
    }
    return commandLine(variables, file).setOut(out).setErr(err).execute(args);
  }

  /** The names of all settings. */
  static Misspelt names() {
    return new Misspelt(new CommandLine(new Main()).getSubcommands().values());
  }

  static CommandLine commandLine(Map<String, String> variables) {
    return commandLine(variables, null);
  }

  private static CommandLine commandLine(
      Map<String, String> variables, @Nullable FileSettings file) {
    Environment environment = new Environment(variables, file);
    OneLineErrors errors = new OneLineErrors(environment);
    CommandLine commandLine =
        new CommandLine(new Main())
            .setExecutionStrategy(parsed -> execute(parsed, variables))
            .setDefaultValueProvider(environment)
            .setParameterExceptionHandler(errors)
            .setExecutionExceptionHandler(errors)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF))
            .setUsageHelpWidth(HELP_WIDTH)
            .registerConverter(java.time.Duration.class, new DurationConverter())
            .registerConverter(Long.class, new BytesConverter());
    commandLine.getSubcommands().values().forEach(Main::shapeHelp);
    return commandLine;
  }

  private static void shapeHelp(CommandLine command) {
    command.getCommandSpec().usageMessage().abbreviateSynopsis(true);
    command.getHelpSectionMap().put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, Main::optionList);
    command
        .getHelpSectionMap()
        .put(UsageMessageSpec.SECTION_KEY_PARAMETER_LIST, Main::parameterList);
    command.getSubcommands().values().forEach(Main::shapeHelp);
  }

  private static int execute(ParseResult parsed, Map<String, String> variables) {
    CommandLine command = parsed.asCommandLineList().get(parsed.asCommandLineList().size() - 1);
    if (!command.isUsageHelpRequested() && !command.isVersionHelpRequested()) {
      new Misspelt(parsed.commandSpec().subcommands().values())
          .warnings(variables)
          .forEach(warning -> OneLineErrors.print(command, warning));
      if (ConfigOptions.isToPrint(command)) {
        ConfigPrinter.print(command, Environment.of(command.getCommandSpec()));
        return ExitCode.OK;
      }
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  private static String optionList(Help help) {
    Help.Layout layout = layout(help);
    layout.addOptions(
        help.commandSpec().options().stream().filter(option -> !option.hidden()).toList(),
        help.parameterLabelRenderer());
    return layout.toString();
  }

  private static String parameterList(Help help) {
    Help.Layout layout = layout(help);
    layout.addPositionalParameters(
        help.commandSpec().positionalParameters(), help.parameterLabelRenderer());
    return layout.toString();
  }

  private static Help.Layout layout(Help help) {
    return new Help.Layout(
        help.colorScheme(),
        Help.TextTable.forDefaultColumns(help.colorScheme(), 34, HELP_WIDTH),
        new OptionHelp(help.createDefaultOptionRenderer()),
        help.createDefaultParameterRenderer());
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command?");
  }
}
