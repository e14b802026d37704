"""Sample departments: the systems a real installation would find already running, each a process of its own.

None of them imports a package of Tongban; they were "written by somebody else". Each reads its share of the synthetic
world from a JSON file and holds it in its own way: two SQL registers with unlike column names and date forms, two HTTP
services, signed documents, file drops in GB 18030 and XLSX, and websites that sign people in with OpenID Connect.

    population   population register        SQL, tables of the police          8410
    civil        civil affairs              SQL, other names and date forms    8411
    property     property register          HTTP, JSON                         8412
    health       clinics' certificates      CSV drop in GB 18030, XLSX drop    8413
    employment   employment registrations   HTTP, JSON, nested                 8414
    tax          paid taxes                 HTTP, documents signed as JWS  8415
    market       market regulation          website and licence database       8420
    urban        urban management           website                            8421
    newborn      newborn service            website                            8422
    school       school entry               website                            8423
    estate       homes that are sold        website                            8424
    retirement   pensions                   website and pension database       8425
    afterdeath   after a death              website                            8426
    fund         housing provident fund     website                            8427
"""
