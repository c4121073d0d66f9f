// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.threads.Errors;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what goes wrong into one line on standard error and an exit code. */
final class OneLineErrors implements IParameterExceptionHandler, IExecutionExceptionHandler {
  private static final Logger LOG = LoggerFactory.getLogger(OneLineErrors.class);

  private final Environment environment;

  OneLineErrors(Environment environment) {
    this.environment = environment;
  }

  @Override
  public int handleParseException(ParameterException problem, String[] args) {
    CommandLine command = problem.getCommandLine();
    print(command, message(problem) + " (see: " + name(command) + " --help)");
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception problem, CommandLine command, ParseResult parsed) {
    if (problem instanceof UserError mistake) {
      print(command, String.valueOf(mistake.getMessage()));
      return mistake.exitCode();
    }
    Errors.report(problem);
    LOG.error("unexpected: this is a bug, please report it with this trace", problem);
    print(command, "stopped by an unexpected error: " + problem);
    return ExitCode.INTERNAL;
  }

  private String message(ParameterException problem) {
    // What was mistyped may be a password: only what stands before "=" is shown.
    if (problem instanceof UnmatchedArgumentException unmatched) {
      String first = unmatched.getUnmatched().get(0);
      return first.startsWith("-")
          ? "no such flag: " + first.replaceFirst("=.*", "")
          : "no such command or argument: " + first;
    }
    String message = String.valueOf(problem.getMessage());
    if (problem.getArgSpec() instanceof OptionSpec option && Environment.hasVariable(option)) {
      String variable = Environment.variable(option);
      String value = environment.value(variable);
      if (value != null && value.equals(problem.getValue())) {
        return message + ", given by " + environment.origin(variable);
      }
    }
    return message;
  }

  static void print(CommandLine command, String message) {
    String line = message.replaceAll("\\s*[\\r\\n]+\\s*", " | ");
    command.getErr().println(name(command) + ": " + line);
    command.getErr().flush();
  }

  private static String name(CommandLine command) {
    return command.getCommandSpec().qualifiedName(" ").toLowerCase(Locale.ROOT);
  }
}
