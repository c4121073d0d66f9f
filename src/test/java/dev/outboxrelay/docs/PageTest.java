// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class PageTest {
  private static final String TEXT =
      """
      # `a` heading, twice

      See [there](x.md#y) and `[not](this)`.

      <!-- not run: why -->
      ```sql
      select 1;
      ```

      <!-- setup
      select 2;
      -->

      1. In a list:

         ```sh
         echo [no](link)

         # no heading
         ```

      # A heading twice
      ## Below
      """;

  @Test
  void page_withFencesAndComments_isTakenApart() {
    Page page = Page.of("p.md", TEXT);
    assertEquals(
        List.of(
            new Fence(6, "sql", "not run: why", "select 1;\n"),
            new Fence(10, "setup", "", "select 2;\n"),
            new Fence(16, "sh", "", "echo [no](link)\n\n# no heading\n")),
        page.fences());
    assertEquals("why", page.fences().get(0).notRun().orElseThrow());
    assertEquals(List.of("x.md#y"), page.links());
    assertEquals(Set.of("a-heading-twice", "a-heading-twice-1", "below"), page.anchors());
    assertEquals("# A heading twice\n## Below\n", page.section("A heading twice"));
  }

  @Test
  void fence_thatIsNeverClosed_isAnError() {
    assertThrows(IllegalArgumentException.class, () -> Page.of("p.md", "```sql\nselect 1;\n"));
  }

  @Test
  void lines_beyondTheirLength_areNamed() {
    Page page = Page.of("p.md", "12345\n| 2345678 |\n```text\n1234567890123\n```\n");
    assertEquals(List.of("p.md:1 has 5 characters"), page.longLines(4, 11));
    assertEquals(List.of("p.md:2 has 11 characters"), page.longLines(5, 10));
  }
}
