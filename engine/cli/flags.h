// Command-line flags: what a command accepts, and what it was given. The only user of boost::program_options is flags.cc.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace plumb::cli {

struct Flag {
  std::string name;         // "output" for --output
  char letter = 0;          // 'o' for -o; 0 for none
  std::string value;        // what a value means in the help: "FILE"; "" makes it a switch
  std::string help;
  std::string fallback;     // the value when absent, shown in the help; "" for none
  bool many = false;        // may be given several times
  std::vector<std::string> choices;  // where not empty, the only values accepted (also offered by completion)
};

class Flags {
 public:
  // Reads the arguments after the command's name. Errors: kInvalid, naming the flag, with a suggestion for a misspelt one.
  static Result<Flags> Parse(const std::vector<Flag>& known, const std::vector<std::string>& arguments);

  bool Has(const std::string& name) const { return given_.contains(name); }  // given on the command line
  bool On(const std::string& name) const { return Has(name); }               // of a switch
  // The last value given, else the fallback, else "".
  std::string Get(const std::string& name) const;
  // Get() as a whole number. Errors: kInvalid, naming the flag and the range.
  Result<size_t> Number(const std::string& name, size_t least, size_t most) const;
  const std::vector<std::string>& All(const std::string& name) const;
  const std::vector<std::string>& positional() const { return positional_; }

 private:
  std::map<std::string, std::vector<std::string>> given_;
  std::map<std::string, std::string> fallbacks_;
  std::vector<std::string> positional_;
};

}  // namespace plumb::cli
