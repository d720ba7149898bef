// How servers of different releases differ in server-side apply: switches of one algorithm.
//
// Each default is what 1.34 and 1.35 do. Source: structured-merge-diff, the version each server is built with.
#pragma once

namespace plumb {

struct MergeProfile {
  // The applied list decides the order of the items both have (from 1.24). Before: live items first, in their order.
  bool config_order = true;
  // A live list may hold several items of one key (from 1.29). Before: an error.
  bool live_duplicates = true;
  // A list that is only reordered counts as a change (from 1.29). Before: only a change of field sets counts.
  bool ordered_noop = true;
  // A list item may leave out some of its keys (from 1.34). Before: an error where the schema has no default for it.
  bool optional_keys = true;
  // A map or list that a removal empties stays as {} or [] (1.36 before 1.36.3). Elsewhere it becomes null.
  bool keep_emptied = false;
  // Removing the last field of a struct removes the struct too (from 1.21).
  bool named_parents = true;
  // Null lists and maps and empty maps in a configuration are owned (from 1.21).
  bool own_null = true;
  // What was owned as an atomic list or map, and no longer is one, is owned with every part (to 1.20).
  bool expand_atomics = false;

  // Of a server of release 1.`minor`.`patch`; from 20 on. Later releases than are known: as the last known one.
  static MergeProfile ForServer(int minor, int patch = 99) {
    MergeProfile p;
    p.named_parents = p.own_null = minor >= 21;
    p.expand_atomics = minor <= 20;
    p.config_order = minor >= 23;
    p.live_duplicates = p.ordered_noop = minor >= 29;
    p.optional_keys = minor >= 34;
    p.keep_emptied = minor == 36 && patch < 3;
    return p;
  }
};

// What SchemaOptions::type_at_reference should be for that server (diff/schema.h).
constexpr bool TypeAtReference(int minor) { return minor >= 26; }

}  // namespace plumb
