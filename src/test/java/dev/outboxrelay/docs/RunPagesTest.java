// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Program;
import dev.outboxrelay.testing.TestDatabase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What README, Start and Guides tell people to type works, in its order, on a clean database. One
 * page alone: {@code -Ddocs.page=first-table}.
 */
final class RunPagesTest {
  private static final int LEAST = 150;

  @TempDir Path folder;

  static List<Page> pages() {
    List<Page> pages = new ArrayList<>();
    pages.add(Page.of(Path.of("README.md")));
    for (String part : List.of("start", "guides")) {
      pages.addAll(Page.under(Path.of("docs", part)));
    }
    return pages;
  }

  static List<Page> pagesWithBlocks() {
    String only = System.getProperty("docs.page", "");
    return pages().stream()
        .filter(page -> page.fences().stream().anyMatch(Fence::isRun))
        .filter(page -> page.path().toString().contains(only))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("pagesWithBlocks")
  void page_ofReadmeStartAndGuides_works(Page page) throws Exception {
    for (String program : List.of("python3", "node", "php", "openssl")) {
      boolean needed =
          page.fences().stream()
              .anyMatch(f -> f.language().equals("sh") && f.text().contains(program + " "));
      assumeTrue(!needed || Program.exists(program), program + " is not installed here");
    }
    boolean empty = page.marks().contains("database: empty");
    try (TestDatabase database = empty ? TestDatabase.createEmpty() : TestDatabase.create();
        PageRun run = new PageRun(page, database, folder)) {
      run.run();
    }
  }

  /** A page that lost its blocks, or a reader that does not see them, would pass. */
  @Test
  void blocks_ofAllPages_areMany() {
    long blocks =
        pages().stream()
            .flatMap(page -> page.fences().stream())
            .filter(fence -> fence.isRun() && fence.notRun().isEmpty())
            .count();
    assertTrue(blocks >= LEAST, blocks + " blocks are run");
  }
}
