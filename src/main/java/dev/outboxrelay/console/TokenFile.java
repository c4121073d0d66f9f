// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
      return new TokenFile(file, clock, read(file));
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

  /** As they stand there now. */
  synchronized Tokens tokens() {
    long now = clock.getAsLong();
    if (now - readNanos < FRESH_NANOS) {
      return tokens;
    }
    readNanos = now;
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
