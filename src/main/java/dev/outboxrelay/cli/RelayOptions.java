// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.relay.RelayConfig;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.AllowedDestinations;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.SecretsDir;
import dev.outboxrelay.store.DatabaseSettings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say how the relay works. */
final class RelayOptions {
  static final String ALLOW_DESTINATIONS = "--allow-destinations";
  static final String SECRETS_DIR = "--secrets-dir";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Shown as owner in outbox.status; without it host and process id.")
  @Nullable String name;

  @Option(
      names = "--sweep",
      paramLabel = "DURATION",
      defaultValue = "1m",
      description = "How often everything owed is read, whether a bell was heard or not.")
  Duration sweep = Duration.ZERO;

  @Option(
      names = "--poll",
      paramLabel = "DURATION",
      defaultValue = "off",
      description = {
        "Reads what is new in this rhythm too.",
        "For writers with 'outbox.notify = off', who ring no bell."
      })
  Duration poll = Duration.ZERO;

  @Option(
      names = "--heartbeat-bound",
      paramLabel = "DURATION",
      defaultValue = "10s",
      description = {
        "After so long without an answer the database is taken for lost,",
        "and another relay may take over."
      })
  Duration heartbeatBound = Duration.ZERO;

  @Option(
      names = "--pool-size",
      paramLabel = "N",
      defaultValue = "4",
      description = {
        "Connections for reads and completions; two more listen and hold locks,",
        "and one looks at what is owed where there is --http-port."
      })
  int poolSize;

  @Option(
      names = "--page-size",
      paramLabel = "ROWS",
      defaultValue = "1000",
      description = "The most rows that one read brings.")
  int pageSize;

  @Option(
      names = "--memory-budget",
      paramLabel = "SIZE",
      description = "Messages in memory, all together; without it a quarter of the heap.")
  @Nullable Long memoryBudget;

  @Option(
      names = "--max-message-bytes",
      paramLabel = "SIZE",
      description = {
        "Larger rows are set aside as failed, not sent;",
        "without it an eighth of the heap, at most 64 MB."
      })
  @Nullable Long maxMessageBytes;

  @Option(
      names = ALLOW_DESTINATIONS,
      paramLabel = "LIST",
      description = {
        "Where the relay may connect, by commas: host names (*.example.com),",
        "addresses and networks (10.0.0.0/8). Without it anywhere."
      })
  @Nullable String allowDestinations;

  @Option(
      names = SECRETS_DIR,
      paramLabel = "DIR",
      description = {
        "Files with the secrets that destinations' options name, and nothing else;",
        "read again when they change."
      })
  @Nullable Path secretsDir;

  @Option(
      names = "--stop-timeout",
      paramLabel = "DURATION",
      defaultValue = "8s",
      description = "How long SIGTERM waits for answers to what is in flight.")
  Duration stopTimeout = Duration.ZERO;

  @Option(
      names = "--on-copy",
      paramLabel = "MODE",
      defaultValue = "wait",
      description = {
        "What a relay does that finds a copy of another database: wait, sending nothing,",
        "until somebody calls outbox.adopt(); or adopt it by itself."
      })
  OnCopy onCopy = OnCopy.WAIT;

  /** What to do where the database is a copy. */
  enum OnCopy {
    WAIT,
    ADOPT
  }

  /** The settings, checked. */
  RelayConfig config(DatabaseAccess access) {
    try {
      return new RelayConfig(
          new DatabaseSettings(access.login(), poolSize, CONNECT_TIMEOUT, heartbeatBound),
          name == null ? hostAndProcess() : name,
          sweep,
          poll,
          pageSize,
          memoryBudget == null ? RelayConfig.defaultMemoryBytes() : memoryBudget,
          maxMessageBytes == null ? RelayConfig.defaultMaxMessageBytes() : maxMessageBytes,
          stopTimeout,
          onCopy == OnCopy.ADOPT);
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
    }
  }

  /** Where connections may go. */
  AddressPolicy policy() {
    if (allowDestinations == null) {
      return AddressPolicy.ANY;
    }
    try {
      return AllowedDestinations.parse(allowDestinations);
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, ALLOW_DESTINATIONS + ": " + e.getMessage());
    }
  }

  /**
   * What destinations' options may name.
   *
   * @param passwordFile the database's, which must not be among them
   */
  Secrets secrets(@Nullable Path passwordFile) {
    if (secretsDir == null) {
      return Secrets.NONE;
    }
    try {
      SecretsDir directory = new SecretsDir(secretsDir);
      if (passwordFile != null && directory.holds(passwordFile)) {
        throw new UserError(
            ExitCode.USAGE,
            SECRETS_DIR
                + ": "
                + secretsDir
                + " holds the database's password too, which whoever may write destinations could"
                + " send away: give the secrets a directory of their own");
      }
      return directory;
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, SECRETS_DIR + ": " + e.getMessage());
    }
  }

  private static String hostAndProcess() {
    long pid = ProcessHandle.current().pid();
    try {
      return InetAddress.getLocalHost().getHostName() + ":" + pid;
    } catch (UnknownHostException e) {
      return "localhost:" + pid;
    }
  }
}
