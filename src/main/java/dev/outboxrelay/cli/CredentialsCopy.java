// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A password file that is a copy, made by systemd when it started the service. Reading it again
 * brings nothing new: a process that is refused with it must be started again. The next one must
 * then not take a refusal for final, since the new password may come later than it does; so a mark
 * is left for it in the service's runtime directory. Safe for threads.
 */
final class CredentialsCopy {
  static final String CREDENTIALS = "CREDENTIALS_DIRECTORY";
  static final String RUNTIME = "RUNTIME_DIRECTORY";

  /** A refusal that passes sooner needs no new process. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(CredentialsCopy.class);

  private final @Nullable Path mark;
  private final LongSupplier clock;
  private boolean refused;
  private long refusedSinceNanos;

  private CredentialsCopy(@Nullable Path mark, LongSupplier clock) {
    this.mark = mark;
    this.clock = clock;
  }

  /** Empty when the password is no such copy. */
  static Optional<CredentialsCopy> of(@Nullable Path passwordFile, Environment environment) {
    return of(passwordFile, environment, System::nanoTime);
  }

  static Optional<CredentialsCopy> of(
      @Nullable Path passwordFile, Environment environment, LongSupplier clock) {
    String directory = environment.value(CREDENTIALS);
    if (passwordFile == null || directory == null || !isIn(passwordFile, Path.of(directory))) {
      return Optional.empty();
    }
    String runtime = environment.value(RUNTIME);
    return Optional.of(
        new CredentialsCopy(
            runtime == null ? null : Path.of(runtime.split(":")[0], "start-again"), clock));
  }

  private static boolean isIn(Path file, Path directory) {
    return file.toAbsolutePath().normalize().startsWith(directory.toAbsolutePath().normalize());
  }

  /** Whether this process was started since the one before it was refused. */
  boolean isStartedAgain() {
    return mark != null && Files.exists(mark);
  }

  /**
   * The login was refused.
   *
   * @return what ends the process, empty as long as the refusal may pass
   */
  synchronized Optional<UserError> refused(String reason) {
    if (!refused) {
      refused = true;
      refusedSinceNanos = clock.getAsLong();
    }
    if (clock.getAsLong() - refusedSinceNanos < PATIENCE.toNanos()) {
      return Optional.empty();
    }
    leaveMark();
    return Optional.of(
        new UserError(
            ExitCode.START_AGAIN,
            "the login is refused ("
                + reason
                + "), and its password is a copy that was made when the service was started: it"
                + " has to be started again to see another one"));
  }

  private void leaveMark() {
    if (mark == null) {
      return;
    }
    try {
      Files.writeString(mark, "");
    } catch (IOException e) {
      LOG.warn("cannot write {} ({})", mark, e.getClass().getSimpleName());
    }
  }

  /** The login was right. */
  synchronized void accepted() {
    refused = false;
    if (mark == null) {
      return;
    }
    try {
      Files.deleteIfExists(mark);
    } catch (IOException e) {
      LOG.warn("cannot remove {} ({})", mark, e.getClass().getSimpleName());
    }
  }
}
