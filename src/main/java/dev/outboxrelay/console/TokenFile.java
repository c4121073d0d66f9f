// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of tokens, read again when a second has passed: a token that is taken out of it is worth
 * nothing from then on. A file that cannot be read, or makes no sense, lets nobody in. Safe for
 * threads.
 */
final class TokenFile {
  private static final Logger LOG = LoggerFactory.getLogger(TokenFile.class);
  private static final Tokens NOBODY = new Tokens(List.of());
  private static final long FRESH_NANOS = 1_000_000_000L;
  private static final long MAX_BYTES = 1_000_000;

  private final Path file;
  private final LongSupplier clock;
  private Tokens tokens;
  private long readNanos;
  private String trouble = "";
  private String openTo = "";

  private TokenFile(Path file, LongSupplier clock, Tokens tokens) {
    this.file = file;
    this.clock = clock;
    this.tokens = tokens;
    readNanos = clock.getAsLong();
  }

  /**
   * Reads it for the first time.
   *
   * @throws UnfitTokens with what is wrong, and no secret
   */
  static TokenFile open(Path file, LongSupplier clock) {
    try {
      TokenFile opened = new TokenFile(file, clock, read(file));
      opened.warnOfOthers();
      return opened;
    } catch (IllegalArgumentException e) {
      throw new UnfitTokens(String.valueOf(e.getMessage()), e);
    }
  }

  private static Tokens read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException("it is larger than 1 MB");
      }
      return Tokens.parse(Files.readAllLines(file, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "it cannot be read (" + e.getClass().getSimpleName() + ")", e);
    }
  }

  /**
   * Who can read a token can use it. It is a warning and no refusal: a secret that is mounted into
   * a container has the mode that its keeper gives it.
   */
  private void warnOfOthers() {
    String mend;
    try {
      mend = mend(Files.getPosixFilePermissions(file));
    } catch (IOException | UnsupportedOperationException e) {
      return; // said by reading it, or a system without such modes
    }
    if (!mend.isEmpty() && !mend.equals(openTo)) {
      LOG.warn(
          "console: {}: others on this machine may read the tokens or write their own: chmod {} {}",
          file,
          mend,
          file);
    }
    openTo = mend;
  }

  /** What takes away what others may; a group may read. Empty when they may nothing. */
  private static String mend(Set<PosixFilePermission> modes) {
    boolean others =
        modes.contains(PosixFilePermission.OTHERS_READ)
            || modes.contains(PosixFilePermission.OTHERS_WRITE);
    boolean group = modes.contains(PosixFilePermission.GROUP_WRITE);
    return group ? "g-w,o-rwx" : others ? "o-rwx" : "";
  }

  /** As they stand there now. */
  synchronized Tokens tokens() {
    long now = clock.getAsLong();
    if (now - readNanos < FRESH_NANOS) {
      return tokens;
    }
    readNanos = now;
    warnOfOthers();
    try {
      tokens = read(file);
      trouble = "";
    } catch (IllegalArgumentException e) {
      String words = String.valueOf(e.getMessage());
      if (!words.equals(trouble)) {
        LOG.warn("console: {}: {}; nobody is let in until it is mended", file, words);
      }
      trouble = words;
      tokens = NOBODY;
    }
    return tokens;
  }
}
